//! JSON-RPC over what the jsonrpcs module offers: FIFO, datagram socket, HTTP.

use super::{Endpoints, Reply, Rpc, RpcError, TIMEOUT};
use crate::support::wait_for;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

pub fn call(via: Rpc, at: &Endpoints, method: &str, params: &Value) -> Result<Reply, RpcError> {
    static CALLS: AtomicU32 = AtomicU32::new(1);
    let id = CALLS.fetch_add(1, Relaxed);
    let mut request = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": id});
    let name = format!("reply-{}-{id}", std::process::id());
    let answer = match via {
        Rpc::Fifo => {
            request["reply_name"] = json!(name);
            over_fifo(at, &name, &request)
        }
        Rpc::Datagram => over_datagram(at, &name, &request),
        _ => over_http(at, &request),
    };
    read(&answer.map_err(RpcError::no_reply)?)
}

fn read(answer: &[u8]) -> Result<Reply, RpcError> {
    let text = String::from_utf8_lossy(answer);
    let mut answer: Value = serde_json::from_slice(answer)
        .map_err(|err| RpcError::no_reply(format!("{err}: {text:?}")))?;
    match answer.get("error") {
        Some(error) => Err(RpcError {
            code: error["code"].as_i64().unwrap_or(0),
            message: error["message"].as_str().unwrap_or_default().into(),
        }),
        None => Ok(Reply(answer["result"].take())),
    }
}

/// One at a time: the server reads the FIFO as one stream.
fn over_fifo(at: &Endpoints, name: &str, request: &Value) -> io::Result<Vec<u8>> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    let path = at.fifo_reply_dir.join(name);
    make_fifo(&path)?;
    // Open before the server opens its end, which it does without waiting.
    let reply = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&path)?;
    let fifo = at.dir.join("kamailio_rpc.fifo");
    let answer = OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(fifo)
        .and_then(|mut fifo| fifo.write_all(format!("{request}\n").as_bytes()))
        .and_then(|()| read_until_closed(reply));
    remove_file(&path)?;
    answer
}

fn read_until_closed(mut reply: File) -> io::Result<Vec<u8>> {
    let mut answer = vec![];
    let closed = wait_for(
        || match reply.read_to_end(&mut answer) {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => None,
            Ok(_) if answer.is_empty() => None, // nobody has opened it yet
            done => Some(done),
        },
        TIMEOUT,
    );
    closed
        .unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
        .map(|_| answer)
}

fn make_fifo(path: &Path) -> io::Result<()> {
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: a valid C string that outlives the call.
    match unsafe { libc::mkfifo(path.as_ptr(), 0o600) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn over_datagram(at: &Endpoints, name: &str, request: &Value) -> io::Result<Vec<u8>> {
    let path = at.dir.join(name);
    let socket = UnixDatagram::bind(&path)?;
    socket.set_read_timeout(Some(TIMEOUT))?;
    let mut answer = vec![0; 1 << 20];
    let length = socket
        .send_to(
            request.to_string().as_bytes(),
            at.dir.join("kamailio_rpc.sock"),
        )
        .and_then(|_| socket.recv(&mut answer));
    remove_file(&path)?;
    answer.truncate(length?);
    Ok(answer)
}

fn over_http(at: &Endpoints, request: &Value) -> io::Result<Vec<u8>> {
    let body = request.to_string();
    let mut stream = TcpStream::connect(at.http)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(stream, "POST /RPC HTTP/1.1\r\nHost: {}\r\n", at.http)?;
    write!(
        stream,
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = vec![];
    let mut piece = [0; 65536];
    loop {
        if let Some(body) = http_body(&answer) {
            return Ok(body.to_vec());
        }
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => answer.extend_from_slice(&piece[..length]),
        }
    }
}

/// None while it is not all there.
fn http_body(answer: &[u8]) -> Option<&[u8]> {
    let message = super::super::sip::Message::parse(answer)?;
    let length: usize = message.header("Content-Length")?.parse().ok()?;
    answer[answer.len() - message.body().len()..].get(..length)
}
