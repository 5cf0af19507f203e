//! Carries what a file says, on loopback, until it is killed: `carry TRAFFIC.json`. For measurements of the proxy alone.

use std::net::Ipv4Addr;

use gantry_model::load_balancing::Traffic;
use gantry_proxy::Proxy;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("carry TRAFFIC.json")?;
    let traffic: Traffic = serde_json::from_slice(&std::fs::read(path)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let proxy = Proxy::new(Ipv4Addr::LOCALHOST.into())?;
        proxy.apply(&traffic);
        std::future::pending::<()>().await;
        Ok(())
    })
}
