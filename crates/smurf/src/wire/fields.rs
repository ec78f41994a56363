//! The fields of a frame header, once: the struct, the accessors, the columns and the fields of
//! exported files are made from this table.

/// Hands the table to a macro: name, type, offset and number of bytes of each field
/// (`docs/formats/smurf.md`, "Data frame"). The TES biases, two in five bytes, are not in it.
macro_rules! with_header_fields {
    ($macro:ident) => {
        $macro! {
            /// 1 in every known file.
            protocol_version: u8 = 0, 1;
            /// Crate, from 1; 0 for a test.
            crate_id: u8 = 1, 1;
            /// Slot, from 1; 0 for a test.
            slot_number: u8 = 2, 1;
            /// Condition of the timing system.
            timing_cond: u8 = 3, 1;
            /// Valid samples that follow.
            number_of_channels: u32 = 4, 4;
            /// UNIX time in ns when the frame passed the server.
            timestamp: u64 = 48, 8;
            /// Flux ramp step.
            flux_ramp_increment: i32 = 56, 4;
            /// Flux ramp offset.
            flux_ramp_offset: i32 = 60, 4;
            /// 480 kHz ticks since the last 1 Hz marker.
            counter_0: u32 = 64, 4;
            /// Ticks since the last external input.
            counter_1: u32 = 68, 4;
            /// Timing system: high 32 bits seconds since 1990-01-01, low 32 bits ns.
            counter_2: u64 = 72, 8;
            /// Bits 9:0 fixed-rate markers, 27:10 sequence markers.
            reset_bits: u32 = 80, 4;
            /// Flux-ramp frames: steps by the downsample factor, wraps at 2^32.
            frame_counter: u32 = 84, 4;
            /// State of the TES relays.
            tes_relays_config: u32 = 88, 4;
            /// 40-bit sync word.
            external_time: u64 = 96, 5;
            /// Bit 0 clear average, 1 stream off, 2 file write off, 3 read config each cycle,
            /// 7:4 test mode.
            control_field: u8 = 104, 1;
            /// Parameters of the test mode.
            test_params: u8 = 105, 1;
            /// 0 means 33.
            num_rows: u16 = 112, 2;
            /// 0 means `num_rows`.
            num_rows_reported: u16 = 114, 2;
            /// Row length.
            row_length: u16 = 120, 2;
            /// Data rate.
            data_rate: u16 = 122, 2;
        }
    };
}

pub(crate) use with_header_fields;
