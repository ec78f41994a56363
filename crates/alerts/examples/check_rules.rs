//! Reads a file of rules and says where alerts would go.

use wavekeep_alerts::Rules;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).ok_or("a file of rules was expected")?;
    let rules = Rules::read(path.as_ref())?;
    for target in rules.targets() {
        println!("{target}");
    }
    Ok(())
}
