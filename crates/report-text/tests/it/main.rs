//! Report texts: what they state, in any of their forms.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

#[path = "../fuzz_body/mod.rs"]
mod fuzz_body;

mod blastware_form;
mod changes;
mod forms;
mod regressions;
mod thor_form;
