//! Report texts: what they state, in any of their forms.
#![allow(clippy::unwrap_used, reason = "a test that panics fails")]

mod blastware_form;
mod changes;
mod forms;
mod thor_form;
