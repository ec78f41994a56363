//! Proves that a list of entries only grew.
//!
//! ```console
//! $ cargo run --example grown_ledger -- import review repair
//! ```

use wavekeep_custody::merkle::{Tree, consistency, is_consistent, leaf_hash};

fn main() {
    let lines: Vec<String> = std::env::args().skip(1).collect();
    let tree = Tree::of(lines.iter().map(|line| leaf_hash(line.as_bytes())));
    let size = lines.len() as u64;
    println!("{size} entries: {}", tree.root(size));
    for earlier in 1..size {
        let Ok(proof) = consistency(&tree, earlier, size);
        let grew = is_consistent(earlier, &tree.root(earlier), size, &tree.root(size), &proof);
        println!("from {earlier} entries on it only grew: {grew}, by {} hashes", proof.len());
    }
}
