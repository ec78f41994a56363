//! What holds for every input.

use crate::fuzz_body;
use gnz::{Bool, Dtype, Gnz, Object, Order, Value, Writer};
use half::f16;
use num_complex::Complex;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i128>().prop_map(|n| Value::from(gnz::Integer::from(n))),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::from(map.into_iter().collect::<Object>())),
        ]
    })
}

/// A type with a Rust twin or without, a shape, and bytes for it.
fn array() -> impl Strategy<Value = (Dtype, Order, Vec<usize>, Vec<u8>)> {
    let dtype = prop::sample::select(vec![
        "|b1", "|u1", "<i2", ">i2", "<u4", ">f4", "<f8", "<c16", "|S3", "<U2", "<M8[ns]",
    ]);
    let order = prop_oneof![3 => Just(Order::C), 1 => Just(Order::F)];
    (dtype, order, vec(0usize..6, 0..4)).prop_flat_map(|(dtype, order, shape)| {
        let dtype: Dtype = dtype.parse().expect("known");
        let bytes = shape.iter().product::<usize>() * dtype.item_size();
        (Just(dtype), Just(order), Just(shape), vec(any::<u8>(), bytes))
    })
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    let metadata = btree_map("[a-zé]{0,6}", value(), 0..4);
    let arrays = btree_map("[A-Zµ]{1,4}", array(), 0..5);
    (metadata, arrays, any::<bool>()).prop_map(|(metadata, arrays, checksums)| {
        let mut writer = Writer::new();
        writer.metadata(metadata.into_iter().collect()).checksums(checksums);
        for (name, (dtype, order, shape, bytes)) in arrays {
            writer.add_bytes(name, dtype, order, &shape, bytes).expect("as made");
        }
        writer.to_vec().expect("within limits")
    })
}

/// The row-major copy of a column-major array, by the definition of the two.
fn transposed<T: Copy>(stored: &[T], shape: &[usize]) -> Vec<T> {
    (0..stored.len())
        .map(|number| {
            let (mut rest, mut index) = (number, vec![0; shape.len()]);
            for axis in (0..shape.len()).rev() {
                index[axis] = rest % shape[axis];
                rest /= shape[axis];
            }
            let at = index.iter().zip(shape).rev().fold(0, |at, (i, length)| at * length + i);
            stored[at]
        })
        .collect()
}

proptest! {
    #[test]
    fn json_that_we_print_reads_back_the_same(value in value()) {
        let text = value.to_string();
        prop_assert!(text.is_ascii());
        let back: Value = text.parse().expect("our own text");
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(back.to_string(), text);
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in "[\\[\\]{}\",:0-9eE.+\\-a-z\\\\ \u{e9}]{0,60}") {
        let _ = text.parse::<Value>();
    }

    #[test]
    fn what_is_written_is_read(file in file()) {
        let gnz = Gnz::from_bytes(file.as_slice()).expect("our own file");
        prop_assert!(gnz.notes().is_empty());
        let verification = gnz.verify().expect("our own sums");
        prop_assert_eq!(verification.stray_byte, None);
        prop_assert!(verification.ok().is_ok());
        fuzz_body::round_trip(&file);
    }

    #[test]
    fn a_changed_file_never_makes_the_reader_panic(
        file in file(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        deep in any::<bool>(),
        successor in any::<bool>(),
    ) {
        let mut file = file;
        if successor {
            file[..4].copy_from_slice(&gnz::SUCCESSOR_MAGIC);
        }
        let header = 8 + u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize;
        for (at, byte) in changes {
            // Most changes should hit what is parsed.
            let within = if deep { file.len() } else { header };
            file[at.index(within)] = byte;
        }
        fuzz_body::header(&file);
        fuzz_body::round_trip(&file);
        file.truncate(cut.index(file.len() + 1));
        fuzz_body::header(&file);
    }

    #[test]
    fn column_major_arrays_are_copied_row_by_row(
        shape in vec(1usize..5, 1..5),
        big_endian in any::<bool>(),
        first in any::<i32>(),
    ) {
        let count = shape.iter().product::<usize>();
        let values: Vec<i32> = (0..count as i32).map(|n| first.wrapping_add(n)).collect();
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|v| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() })
            .collect();
        let dtype = if big_endian { ">i4" } else { "<i4" };
        let mut writer = Writer::new();
        writer
            .add_bytes("a", dtype.parse().expect("known"), Order::F, &shape, bytes)
            .expect("as made");
        let file = writer.to_vec().expect("small");
        let gnz = Gnz::from_bytes(file).expect("our own file");
        let array = gnz.array("a").expect("present");
        let expected = transposed(&values, &shape);
        prop_assert_eq!(&array.to_vec::<i32>().expect("a copy"), &expected);
        let per_row = count / shape[0];
        for start in 0..=shape[0] {
            for end in start..=shape[0] {
                prop_assert_eq!(
                    array.rows_to_vec::<i32>(start..end).expect("inside"),
                    &expected[start * per_row..end * per_row]
                );
            }
        }
    }

    #[test]
    fn every_element_type_comes_back(
        halves in vec(any::<u16>(), 0..50),
        floats in vec(any::<f32>(), 0..50),
        doubles in vec(any::<f64>(), 0..50),
        longs in vec(any::<i64>(), 0..50),
        truths in vec(any::<bool>(), 0..50),
    ) {
        let halves: Vec<f16> = halves.into_iter().map(f16::from_bits).collect();
        let complex: Vec<Complex<f64>> = doubles.iter().map(|v| Complex::new(*v, -v)).collect();
        let truths: Vec<Bool> = truths.into_iter().map(Bool::from).collect();
        let mut writer = Writer::new();
        writer.add("f2", &[halves.len()], &halves).expect("f2");
        writer.add("f4", &[floats.len(), 1], &floats).expect("f4");
        writer.add("f8", &[1, doubles.len()], &doubles).expect("f8");
        writer.add("c16", &[complex.len()], &complex).expect("c16");
        writer.add("i8", &[longs.len()], &longs).expect("i8");
        writer.add("b1", &[truths.len()], &truths).expect("b1");
        let gnz = Gnz::from_bytes(writer.to_vec().expect("small")).expect("our own file");

        let bits = |name| gnz.array(name).expect(name).bytes();
        prop_assert_eq!(bits("f2"), bytemuck::cast_slice::<f16, u8>(&halves));
        prop_assert_eq!(bits("f4"), bytemuck::cast_slice::<f32, u8>(&floats));
        let copy = gnz.array("c16").expect("c16").to_vec::<Complex<f64>>().expect("a copy");
        prop_assert_eq!(bytemuck::cast_slice::<_, u8>(&copy), bytemuck::cast_slice::<_, u8>(&complex));
        prop_assert_eq!(gnz.array("i8").expect("i8").to_vec::<i64>().expect("a copy"), longs.as_slice());
        prop_assert_eq!(gnz.array("b1").expect("b1").slice::<Bool>().expect("a view"), truths.as_slice());
    }
}
