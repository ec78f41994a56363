//! What a chain refuses, and what to do then.

/// Why a chain could not be configured, or a frame not be processed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The mask names a channel that the frame does not have. The frame was not passed on and no
    /// state has changed.
    #[error(
        "mask entry {position} asks for input channel {index}, but the frame has {channels} \
         channels (0 to {}): correct the mask or the source",
        i64::from(*.channels) - 1
    )]
    MaskPastInput {
        /// Which entry of the mask, from 0.
        position: usize,
        /// The channel that it asks for.
        index: u32,
        /// `number_of_channels` of the frame.
        channels: u32,
    },
    /// A setting is outside what the stage can do. Nothing was changed.
    #[error("{setting} cannot be {found}: expected {expected}")]
    Setting {
        /// The setting, by its name in the configuration.
        setting: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was asked for.
        found: String,
    },
}
