//! Kamailio's RPC, by each of the ways that operators use. The same call gives the same [`Reply`]
//! through all.

mod jsonrpc;
mod kamcmd;
mod reply;

pub use kamcmd::text as kamcmd_text;
pub use reply::Reply;

use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rpc {
    /// The real kamcmd, over ctl's socket. Arguments go as an operator types them: `json!(["100"])`
    /// sends a number, `json!(["s:100"])` text.
    Kamcmd,
    /// jsonrpcs over its FIFO: `kamctl rpc`.
    Fifo,
    /// jsonrpcs over its datagram socket.
    Datagram,
    /// jsonrpcs over xhttp.
    Http,
}

/// What the server answered instead of a result, or code 0 when it did not answer as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
}

/// Where a server's RPC is found.
pub struct Endpoints {
    pub kamcmd: PathBuf,
    pub dir: PathBuf,
    pub fifo_reply_dir: PathBuf,
    pub http: SocketAddr,
}

impl Endpoints {
    pub fn ctl(&self) -> PathBuf {
        self.dir.join("ctl")
    }
}

impl Rpc {
    pub const ALL: [Rpc; 4] = [Rpc::Kamcmd, Rpc::Fifo, Rpc::Datagram, Rpc::Http];

    /// `params` is a JSON array.
    pub fn call(self, at: &Endpoints, method: &str, params: &Value) -> Result<Reply, RpcError> {
        match self {
            Rpc::Kamcmd => kamcmd::call(at, method, params),
            _ => jsonrpc::call(self, at, method, params),
        }
    }
}

impl RpcError {
    fn no_reply(why: impl std::fmt::Display) -> RpcError {
        RpcError {
            code: 0,
            message: why.to_string(),
        }
    }
}

impl std::fmt::Display for RpcError {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "{} - {}", self.code, self.message)
    }
}
