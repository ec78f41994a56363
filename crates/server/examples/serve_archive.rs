//! Serves an archive until Ctrl-C.
//!
//! ```console
//! $ cargo run --example serve_archive -- fleet
//! ```

use std::error::Error;
use std::path::Path;

use wavekeep_server::{ServeOptions, Server, asked_to_stop};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let archive = std::env::args().nth(1).ok_or("usage: serve_archive ARCHIVE")?;
    let server = Server::bind(Path::new(&archive), ServeOptions::default()).await?;
    println!("{} (Ctrl-C ends it)", server.url());
    server.run(asked_to_stop()).await;
    Ok(())
}
