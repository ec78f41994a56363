//! Trees against the definitions of RFC 6962, written out, and against its known answers.

use proptest::prelude::*;
use wavekeep_custody::Hash;
use wavekeep_custody::merkle::{
    Frontier, Tree, completed, consistency, empty_root, inclusion, is_consistent, is_included,
    leaf_hash, node_hash,
};

/// MTH of section 2.1, by recursion over the leaves.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [one] => *one,
        many => {
            let mut k = 1;
            while k * 2 < many.len() {
                k *= 2;
            }
            node_hash(&root_by_definition(&many[..k]), &root_by_definition(&many[k..]))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// The leaves and roots that Certificate Transparency's implementations test with.
#[test]
fn roots_are_those_of_the_reference_implementation() {
    let inputs: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let tree = Tree::of(inputs.iter().map(|input| leaf_hash(input)));
    for (size, root) in (1..).zip(roots) {
        assert_eq!(tree.root(size).to_string(), root, "{size}");
    }
    assert_eq!(tree.root(0), empty_root());
}

#[test]
fn every_root_of_small_trees_is_that_of_the_definition() {
    let leaves = leaves(130);
    let tree = Tree::of(leaves.iter().copied());
    for size in 0..=leaves.len() {
        assert_eq!(tree.root(size as u64), root_by_definition(&leaves[..size]), "{size}");
    }
}

#[test]
fn a_frontier_has_the_roots_and_the_nodes_of_the_tree() {
    let tree = Tree::of(leaves(200));
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), tree.root(0));
    for leaf in leaves(200) {
        frontier.push(leaf, |level, place, hash| {
            let Ok(node) = wavekeep_custody::merkle::Nodes::node(&tree, level, place);
            assert_eq!(node, *hash, "level {level}, place {place}");
        });
        assert_eq!(frontier.root(), tree.root(frontier.size()), "{}", frontier.size());
    }
}

#[test]
fn nodes_that_a_leaf_completes_are_those_of_the_tree() {
    let mut tree = Tree::default();
    for leaf in leaves(70) {
        let size = tree.size();
        let Ok(all) = completed(&tree, size, leaf);
        tree.push(leaf);
        for (level, place, hash) in all {
            let Ok(node) = wavekeep_custody::merkle::Nodes::node(&tree, level, place);
            assert_eq!(node, hash, "level {level}, place {place}");
        }
    }
}

#[test]
fn every_leaf_of_small_trees_is_included_and_at_no_other_place() {
    let leaves = leaves(40);
    let tree = Tree::of(leaves.iter().copied());
    for size in 1..=40 {
        let root = tree.root(size);
        for index in 0..size {
            let Ok(path) = inclusion(&tree, index, size);
            let leaf = &leaves[index as usize];
            assert!(is_included(leaf, index, size, &path, &root), "{index} of {size}");
            for other in (0..size).filter(|other| *other != index) {
                assert!(!is_included(leaf, other, size, &path, &root), "{index} as {other}");
            }
            assert!(!is_included(&leaves[(index as usize + 1) % 40], index, size, &path, &root));
        }
    }
}

#[test]
fn every_pair_of_small_trees_is_consistent_and_no_other_pair() {
    let tree = Tree::of(leaves(40));
    let other = Tree::of(leaves(41).into_iter().skip(1));
    for size in 0..=40 {
        for earlier in 0..=size {
            let Ok(proof) = consistency(&tree, earlier, size);
            let roots = (tree.root(earlier), tree.root(size));
            assert!(is_consistent(earlier, &roots.0, size, &roots.1, &proof), "{earlier} {size}");
            if earlier > 0 {
                let was = other.root(earlier);
                assert!(!is_consistent(earlier, &was, size, &roots.1, &proof), "{earlier} {size}");
                assert!(!is_consistent(earlier, &roots.0, size, &other.root(size), &proof));
            }
            assert!(!is_consistent(size + 1, &roots.0, size, &roots.1, &proof));
        }
    }
}

proptest! {
    #[test]
    fn a_proof_with_a_changed_shortened_or_longer_path_fails(
        size in 2u64..600, index in 0u64..600, at in 0usize..12, bit in 0usize..256,
    ) {
        let tree = Tree::of(leaves(size));
        let index = index % size;
        let (root, leaf) = (tree.root(size), leaf_hash(&index.to_be_bytes()));
        let Ok(path) = inclusion(&tree, index, size);
        prop_assert!(is_included(&leaf, index, size, &path, &root));
        let mut changed = path.clone();
        let at = at % path.len();
        changed[at].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!is_included(&leaf, index, size, &changed, &root));
        prop_assert!(!is_included(&leaf, index, size, &path[1..], &root));
        let longer: Vec<Hash> = path.iter().copied().chain([leaf]).collect();
        prop_assert!(!is_included(&leaf, index, size, &longer, &root));
    }

    #[test]
    fn a_consistency_proof_with_a_changed_hash_fails(
        size in 2u64..600, earlier in 1u64..600, at in 0usize..12, bit in 0usize..256,
    ) {
        let tree = Tree::of(leaves(size));
        let earlier = earlier % size;
        prop_assume!(earlier > 0);
        let Ok(mut proof) = consistency(&tree, earlier, size);
        let (was, is) = (tree.root(earlier), tree.root(size));
        prop_assert!(is_consistent(earlier, &was, size, &is, &proof));
        let at = at % proof.len();
        proof[at].0[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!is_consistent(earlier, &was, size, &is, &proof));
        proof.pop();
        prop_assert!(!is_consistent(earlier, &was, size, &is, &proof));
    }
}
