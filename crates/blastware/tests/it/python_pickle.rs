//! Python's `pickle` and this crate understand each other, both ways. Python itself is the judge.

use std::io::Write;
use std::process::{Command, Stdio};

use wavekeep_blastware::frames::{self, Frame};

/// Runs a Python program on `input` and gives what it printed.
fn python(program: &str, input: &[u8]) -> Vec<u8> {
    let python = std::env::var_os("WAVEKEEP_PYTHON").expect(
        "WAVEKEEP_PYTHON names no Python to judge with: run `make test`, which makes one and sets it",
    );
    let mut child = Command::new(python)
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn frames_of_every_byte() -> Vec<Frame> {
    let frame = |page_lo: u8| Frame {
        sub: 0xa5,
        page_hi: 0xff,
        page_lo,
        data: (0..=255).cycle().take(usize::from(page_lo) * 7).collect(),
        chk_byte: 0x80,
        checksum_valid: page_lo.is_multiple_of(2),
    };
    (0..40).map(frame).collect()
}

/// One frame a line: its numbers, its flag, its bytes.
fn listed(frames: &[Frame]) -> String {
    let line = |frame: &Frame| {
        let hex: String = frame.data.iter().map(|byte| format!("{byte:02x}")).collect();
        let Frame { sub, page_hi, page_lo, chk_byte, checksum_valid, .. } = frame;
        format!("{sub} {page_hi} {page_lo} {chk_byte} {} {hex}\n", u8::from(*checksum_valid))
    };
    frames.iter().map(line).collect()
}

#[test]
fn python_reads_what_is_written_here() {
    let program = "\
import pickle, sys
store = pickle.load(sys.stdin.buffer)
assert list(store) == ['version', 'frames'] and store['version'] == 1, store
for f in store['frames']:
    assert type(f['data']) is bytes and type(f['checksum_valid']) is bool
    print(f['sub'], f['page_hi'], f['page_lo'], f['chk_byte'], int(f['checksum_valid']), f['data'].hex())
";
    let frames = frames_of_every_byte();
    let printed = python(program, &frames::write_pickle(&frames));
    assert_eq!(String::from_utf8(printed).unwrap(), listed(&frames));
}

/// A Python program that makes a store of the listed frames and pickles it.
const MAKE: &str = "\
import pickle, sys
frames = []
for line in sys.stdin:
    sub, hi, lo, chk, valid, *data = line.split(' ')
    frames.append({'sub': int(sub), 'page_hi': int(hi), 'page_lo': int(lo),
                   'data': bytes.fromhex(data[0].strip()), 'chk_byte': int(chk), 'checksum_valid': valid == '1'})
sys.stdout.buffer.write(pickle.dumps({'version': 1, 'frames': frames}, protocol=PROTOCOL))
";

#[test]
fn what_python_writes_is_read_here_in_every_protocol_that_has_bytes() {
    let frames = frames_of_every_byte();
    for protocol in ["3", "4", "5"] {
        let pickled = python(&MAKE.replace("PROTOCOL", protocol), listed(&frames).as_bytes());
        assert_eq!(frames::read_pickle(&pickled).unwrap(), frames, "protocol {protocol}");
    }
}

#[test]
fn protocols_that_need_a_global_for_bytes_are_refused() {
    for protocol in ["0", "1", "2"] {
        let pickled =
            python(&MAKE.replace("PROTOCOL", protocol), listed(&frames_of_every_byte()).as_bytes());
        assert_eq!(
            frames::read_pickle(&pickled).unwrap_err().kind(),
            "malformed",
            "protocol {protocol}"
        );
    }
}

#[test]
fn a_pickle_that_would_run_a_command_is_refused() {
    for protocol in ["0", "1", "2", "3", "4", "5"] {
        let program = "\
import pickle, os, sys
class Trap:
    def __reduce__(self):
        return os.system, ('exit 1',)
sys.stdout.buffer.write(pickle.dumps({'version': 1, 'frames': [Trap()]}, protocol=PROTOCOL))
";
        let pickled = python(&program.replace("PROTOCOL", protocol), b"");
        assert_eq!(
            frames::read_pickle(&pickled).unwrap_err().kind(),
            "malformed",
            "protocol {protocol}"
        );
    }
}
