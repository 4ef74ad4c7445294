//! `datacore health`: asks the service on this machine whether it is ready, for the health checks of containers, which
//! have no other program to ask with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(4);

/// Succeeds when the service at an address of this machine is ready.
///
/// # Errors
/// When it does not answer, or is not ready.
pub async fn ask(listen: SocketAddr) -> Result<()> {
    let address = SocketAddr::new(reachable(listen.ip()), listen.port());
    let answer = timeout(WITHIN, get(address)).await.with_context(|| format!("{address} does not answer"))?;
    let answer = answer.with_context(|| format!("asking {address}"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    ensure!(head.starts_with("HTTP/1.1 200"), "the service at {address} is not ready: {body}");
    Ok(())
}

async fn get(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Who listens everywhere is found at home.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
