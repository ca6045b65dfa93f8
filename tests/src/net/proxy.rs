//! An HTTP proxy that makes tunnels and does nothing else.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use super::listener::Listener;

/// A running proxy; it stops when it is dropped.
pub struct Proxy {
    listener: Listener,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Leads every tunnel to one address, whatever host it is for.
    pub fn start(to: SocketAddr) -> Self {
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = seen.clone();
        let listener = Listener::start(async move |listener| {
            while let Ok((client, _)) = listener.accept().await {
                let log = log.clone();
                tokio::spawn(async move {
                    // An error here is one side that went away.
                    let _ = tunnel(client, to, &log).await;
                });
            }
        });
        Self { listener, seen }
    }

    /// Its URL, as `HTTPS_PROXY` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.listener.address())
    }

    /// What it was asked for so far: the first line of each connection.
    pub fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

async fn tunnel(mut client: TcpStream, to: SocketAddr, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let line = String::from_utf8_lossy(&head).lines().next().unwrap_or_default().to_owned();
    let is_tunnel = line.starts_with("CONNECT ");
    log.lock().unwrap().push(line);
    if !is_tunnel {
        return client.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(to).await?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
