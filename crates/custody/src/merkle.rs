//! The Merkle tree of RFC 6962, section 2.1, over SHA-256.
//!
//! A leaf is hashed behind the byte 0, two nodes behind the byte 1, so that no leaf can pass for a
//! node. The tree of `n` leaves is the largest complete tree of fewer than `n` leaves beside the tree
//! of the rest. It follows that the hash of a complete subtree never changes once its leaves are there:
//! [`Nodes`] keeps those, and every root and proof is made of a few of them.

use sha2::{Digest, Sha256};

use crate::Hash;

/// The hash of a leaf.
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(leaf);
    Hash(hash.finalize().into())
}

/// The hash of two nodes beside each other.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.0);
    hash.update(right.0);
    Hash(hash.finalize().into())
}

/// The root of a tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Where the hashes of complete subtrees are kept.
pub trait Nodes {
    /// Why one could not be read.
    type Error;

    /// The hash of the complete subtree over the leaves from `place << level` on, `1 << level` of
    /// them. Only asked for subtrees whose leaves are all there.
    ///
    /// # Errors
    /// Why it could not be read.
    fn node(&self, level: u32, place: u64) -> Result<Hash, Self::Error>;
}

/// The nodes of a tree in memory, one list a level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree over leaves that are hashed already.
    pub fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::default();
        leaves.into_iter().for_each(|leaf| tree.push(leaf));
        tree
    }

    /// Adds a leaf that is hashed already.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            let [.., left, right] = row.as_slice() else { return };
            if row.len() % 2 == 1 {
                return;
            }
            hash = node_hash(left, right);
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, Vec::len) as u64
    }

    /// The root over the first `size` leaves, of which there are that many.
    pub fn root(&self, size: u64) -> Hash {
        match root(self, size) {
            Ok(root) => root,
        }
    }
}

impl Nodes for Tree {
    type Error = std::convert::Infallible;

    fn node(&self, level: u32, place: u64) -> Result<Hash, Self::Error> {
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        let row = self.levels.get(level as usize);
        // What is not there is not asked for; another hash would prove nothing.
        Ok(row.and_then(|row| row.get(place)).copied().unwrap_or(Hash::ZERO))
    }
}

/// What is kept of a tree while leaves come one after the other: the complete subtrees that no larger
/// one holds. It has as many hashes as the number of leaves has ones in binary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    peaks: Vec<(u32, Hash)>,
    size: u64,
}

impl Frontier {
    /// Adds a leaf that is hashed already; `completed` hears of each complete subtree: level, place
    /// and hash, the leaf itself first.
    pub fn push(&mut self, leaf: Hash, mut completed: impl FnMut(u32, u64, &Hash)) {
        let (mut level, mut hash) = (0, leaf);
        completed(level, self.size, &hash);
        while let Some((of, left)) = self.peaks.last()
            && *of == level
        {
            hash = node_hash(left, &hash);
            level += 1;
            self.peaks.pop();
            completed(level, self.size >> level, &hash);
        }
        self.peaks.push((level, hash));
        self.size += 1;
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root over all of them.
    pub fn root(&self) -> Hash {
        let peaks = self.peaks.iter().rev().map(|(_, hash)| *hash);
        peaks.reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

/// The nodes that a leaf completes when it is put behind `size` leaves: level, place and hash, the
/// leaf's own first.
///
/// # Errors
/// Why a node could not be read.
pub fn completed<N: Nodes>(
    nodes: &N,
    size: u64,
    leaf: Hash,
) -> Result<Vec<(u32, u64, Hash)>, N::Error> {
    let (mut level, mut place, mut hash) = (0, size, leaf);
    let mut all = vec![(level, place, hash)];
    while place % 2 == 1 {
        hash = node_hash(&nodes.node(level, place - 1)?, &hash);
        (level, place) = (level + 1, place / 2);
        all.push((level, place, hash));
    }
    Ok(all)
}

/// The root over the first `size` leaves.
///
/// # Errors
/// Why a node could not be read.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    subtree(nodes, 0, size)
}

/// The hash over `count` leaves from `first` on, where `first` is a multiple of a power of two that is
/// at least `count`, as in every subtree of the RFC.
fn subtree<N: Nodes>(nodes: &N, first: u64, count: u64) -> Result<Hash, N::Error> {
    if count == 0 {
        return Ok(empty_root());
    }
    if count.is_power_of_two() {
        let level = count.trailing_zeros();
        return nodes.node(level, first >> level);
    }
    let left = split(count);
    let (left, right) = (subtree(nodes, first, left)?, subtree(nodes, first + left, count - left)?);
    Ok(node_hash(&left, &right))
}

/// The largest power of two below `count`, which is at least 2.
fn split(count: u64) -> u64 {
    1 << (63 - (count - 1).leading_zeros())
}

/// The path from leaf `index` to the root over `size` leaves (RFC 6962, section 2.1.1).
/// `index` is below `size`.
///
/// # Errors
/// Why a node could not be read.
pub fn inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let (mut first, mut count) = (0, size);
    let mut path = Vec::new();
    while count > 1 {
        let left = split(count);
        if index - first < left {
            path.push(subtree(nodes, first + left, count - left)?);
            count = left;
        } else {
            path.push(subtree(nodes, first, left)?);
            (first, count) = (first + left, count - left);
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree over `size` leaves begins with that over `earlier` leaves (RFC 6962,
/// section 2.1.2). Empty where both are the same or the earlier one has none.
///
/// # Errors
/// Why a node could not be read.
pub fn consistency<N: Nodes>(nodes: &N, earlier: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    if earlier == 0 || earlier >= size {
        return Ok(Vec::new());
    }
    let (mut first, mut count, mut of) = (0, size, earlier);
    let mut is_whole = true;
    let mut proof = Vec::new();
    while of < count {
        let left = split(count);
        if of <= left {
            proof.push(subtree(nodes, first + left, count - left)?);
            count = left;
        } else {
            proof.push(subtree(nodes, first, left)?);
            (first, count, of) = (first + left, count - left, of - left);
            is_whole = false;
        }
    }
    if !is_whole {
        proof.push(subtree(nodes, first, count)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `path` leads from a leaf at `index` to `root` over `size` leaves (RFC 9162, section
/// 2.1.3.2).
pub fn is_included(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last, mut hash) = (index, size - 1, *leaf);
    for beside in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node_hash(beside, &hash);
            while place % 2 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether `proof` shows that the tree over `size` leaves with the root `root` begins with the
/// `earlier` leaves whose root was `earlier_root` (RFC 9162, section 2.1.4.2).
pub fn is_consistent(
    earlier: u64,
    earlier_root: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> bool {
    if earlier > size {
        return false;
    }
    if earlier == size {
        return proof.is_empty() && earlier_root == root;
    }
    if earlier == 0 {
        return proof.is_empty() && *earlier_root == empty_root();
    }
    let whole = earlier.is_power_of_two().then_some(*earlier_root);
    let mut hashes = whole.into_iter().chain(proof.iter().copied());
    let Some(first) = hashes.next() else { return false };
    let (mut place, mut last) = (earlier - 1, size - 1);
    while place % 2 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut of_earlier, mut of_all) = (first, first);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            of_earlier = node_hash(&hash, &of_earlier);
            of_all = node_hash(&hash, &of_all);
            while place % 2 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            of_all = node_hash(&of_all, &hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && of_earlier == *earlier_root && of_all == *root
}
