//! The demo's program: answers every request with the name of its container and a greeting. It needs nothing but the
//! standard library and is linked statically, so that its image is this one file.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    let name = std::env::var("HOSTNAME").unwrap_or_else(|_| "a container".to_owned());
    let greeting = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_owned());
    let listener = TcpListener::bind("0.0.0.0:8080")?;
    for stream in listener.incoming() {
        let mut stream = stream?;
        let mut request = [0_u8; 4096];
        if stream.read(&mut request).is_err() {
            continue;
        }
        let body = format!("{greeting} from {name}\n");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        // A client that went away is its own affair.
        let _ = stream.write_all((head + &body).as_bytes());
    }
    Ok(())
}
