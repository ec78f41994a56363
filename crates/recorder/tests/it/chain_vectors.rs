//! The chain against the real processor's output, bit for bit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use wavekeep_recorder::chain::{Chain, ChainConfig, Downsample, SampleWidth};
use wavekeep_recorder::writer::{DataWriter, Frame};
use wavekeep_smurf::header::{FrameHeader, HEADER_LEN};
use wavekeep_smurf::record::Records;

const INPUT_CHANNELS: usize = 4096;

fn vector(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/chain").join(name)
}

/// The bytes of an array file of this element type, and the last number of its shape.
fn npy(name: &str, descr: &str) -> (Vec<u8>, usize) {
    let bytes = fs::read(vector(name)).unwrap();
    let data = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..data]).unwrap();
    assert!(header.contains(&format!("'descr': '{descr}', 'fortran_order': False")), "{header}");
    let shape = header.split(['(', ')']).nth(1).unwrap();
    let last = shape.split(',').filter_map(|part| part.trim().parse().ok()).next_back();
    (bytes[data..].to_vec(), last.unwrap())
}

/// A frame of 4096 channels, of which those in the mask walk.
fn input_payloads() -> Vec<Vec<u8>> {
    let (walk, columns) = npy("in_walk.npy", "<i2");
    let (bits, _) = npy("bits.npy", "<i8");
    let mask = mask();
    let rows = walk.chunks_exact(2 * columns).zip(bits.chunks_exact(8)).enumerate();
    rows.map(|(number, (row, bits))| {
        let header = FrameHeader {
            protocol_version: 1,
            number_of_channels: INPUT_CHANNELS as u32,
            reset_bits: u32::from_le_bytes(bits[..4].try_into().unwrap()),
            frame_counter: number as u32,
            timestamp: 1000 + number as u64,
            ..FrameHeader::default()
        };
        let mut payload = header.to_bytes().to_vec();
        payload.resize(HEADER_LEN + 2 * INPUT_CHANNELS, 0x5a);
        for (sample, channel) in row.chunks_exact(2).zip(&mask) {
            payload[HEADER_LEN + 2 * *channel as usize..][..2].copy_from_slice(sample);
        }
        payload
    })
    .collect()
}

fn mask() -> Vec<u32> {
    let (bytes, _) = npy("mask.npy", "<i8");
    bytes.chunks_exact(8).map(|value| u32::from_le_bytes(value[..4].try_into().unwrap())).collect()
}

fn config(case: &Value) -> ChainConfig {
    let floats = |name: &str| {
        case[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let mut config = ChainConfig::default().with_unwrap(case["unwrap"].as_bool().unwrap());
    config.mapper.mask = Some(mask());
    config.mapper.payload_size = case["payload_size"].as_u64().unwrap() as u32;
    config.filter.enabled = case["filter"].as_bool().unwrap();
    config.filter.order = case["order"].as_u64().unwrap() as usize;
    config.filter.gain = case["gain"].as_f64().unwrap();
    config.filter.a = floats("a");
    config.filter.b = floats("b");
    config.downsampler.enabled = case["downsample"].as_bool().unwrap();
    config.downsampler.mode = match case["mode"].as_str().unwrap() {
        "internal" => Downsample::Internal { factor: case["factor"].as_u64().unwrap() },
        _ => Downsample::External { mask: case["external_bitmask"].as_u64().unwrap() as u32 },
    };
    config
}

fn cases() -> BTreeMap<String, Value> {
    serde_json::from_slice(&fs::read(vector("cases.json")).unwrap()).unwrap()
}

fn check(case: &str, settings: &Value, payloads: &[Vec<u8>]) {
    let (expected, columns) = npy(&format!("out_{case}.npy"), "<i4");
    let words = columns.max(settings["payload_size"].as_u64().unwrap() as usize);
    let mut made = Vec::new();
    for payload in payloads {
        let header = FrameHeader::parse(payload).unwrap();
        assert_eq!(header.number_of_channels as usize, columns, "{case}");
        assert_eq!(payload.len(), HEADER_LEN + 4 * words, "{case}");
        let (samples, padding) = payload[HEADER_LEN..].split_at(4 * columns);
        assert!(padding.iter().all(|byte| *byte == 0), "{case}");
        made.extend_from_slice(samples);
    }
    assert_eq!(made.len(), expected.len(), "{case}");
    assert!(made == expected, "{case}");
}

#[test]
fn every_case_of_the_real_processor_comes_out_bit_for_bit() {
    let inputs = input_payloads();
    let cases = cases();
    assert_eq!(cases.len(), 12);
    for (case, settings) in &cases {
        let mut chain = Chain::new(config(settings)).unwrap();
        let outputs: Vec<Vec<u8>> = inputs
            .iter()
            .filter_map(|input| {
                chain.process(Frame::data(input), None).unwrap().map(<[u8]>::to_vec)
            })
            .collect();
        check(case, settings, &outputs);
        assert_eq!((chain.statistics().frames, chain.statistics().lost), (1000, 0));
    }
}

#[test]
fn the_header_is_the_passed_frames_with_only_channels_and_time_changed() {
    let inputs = input_payloads();
    let mut chain = Chain::new(config(&cases()["default"])).unwrap();
    for (number, input) in inputs.iter().enumerate() {
        let Some(output) = chain.process(Frame::data(input), Some(77)).unwrap() else { continue };
        assert_eq!(number % 20, 19);
        let expected = FrameHeader {
            number_of_channels: 16,
            timestamp: 77,
            ..FrameHeader::parse(input).unwrap()
        };
        assert_eq!(FrameHeader::parse(output).unwrap(), expected);
    }
}

#[test]
fn recording_through_the_chain_and_running_it_over_the_file_give_the_same() {
    let (inputs, cases) = (input_payloads(), cases());
    let folder = tempfile::tempdir().unwrap();
    let (unprocessed, filtered) = (folder.path().join("in.dat"), folder.path().join("out.dat"));
    for (case, settings) in &cases {
        // In the recording path; what has no chain before it goes into a file of its own.
        let mut chain = Chain::new(config(settings)).unwrap();
        let mut writers = [&unprocessed, &filtered].map(|path| {
            let mut writer = DataWriter::new();
            writer.set_data_file(path);
            writer.set_overwrite(true);
            writer.set_buffer_size(100_000).unwrap();
            writer.open().unwrap();
            writer
        });
        for input in &inputs {
            writers[0].write(Frame::data(input)).unwrap();
            if let Some(payload) = chain.process(Frame::data(input), None).unwrap() {
                writers[1].write(Frame::data(payload)).unwrap();
            }
        }
        for writer in &mut writers {
            writer.close().unwrap();
        }
        let recorded = fs::read(&filtered).unwrap();
        let payloads = |bytes: &[u8]| -> Vec<Vec<u8>> {
            Records::new(bytes, 0).map(|record| record.unwrap().payload.to_vec()).collect()
        };
        check(case, settings, &payloads(&recorded));
        // Over the file.
        let mut chain = Chain::new(config(settings)).unwrap();
        let offline: Vec<Vec<u8>> = payloads(&fs::read(&unprocessed).unwrap())
            .iter()
            .filter_map(|input| {
                chain.process(Frame::data(input), None).unwrap().map(<[u8]>::to_vec)
            })
            .collect();
        check(case, settings, &offline);
    }
}

#[test]
fn frames_of_a_file_have_samples_of_32_bits_and_give_the_same_bits() {
    let cases = cases();
    let settings = &cases["default"];
    let mut config = config(settings);
    config.input = SampleWidth::I32;
    let mut chain = Chain::new(config).unwrap();
    let widened = input_payloads().into_iter().map(|input| {
        let mut payload = input[..HEADER_LEN].to_vec();
        for sample in input[HEADER_LEN..].chunks_exact(2) {
            payload.extend(i32::from(i16::from_le_bytes([sample[0], sample[1]])).to_le_bytes());
        }
        payload
    });
    let outputs: Vec<Vec<u8>> = widened
        .filter_map(|input| chain.process(Frame::data(&input), None).unwrap().map(<[u8]>::to_vec))
        .collect();
    check("default", settings, &outputs);
}
