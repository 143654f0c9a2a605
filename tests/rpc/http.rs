//! `palisade_check()` before an RPC over HTTP: what comes through xhttp is no SIP, and has neither From
//! nor To.

use crate::support::{Kamailio, Server};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

fn server() -> Server {
    Kamailio::whole(
        r#"
        debug=2
        log_stderror=yes
        children=1
        tcp_children=1
        tcp_accept_no_cl=yes
        disable_core_dump=yes
        auto_aliases=no
        listen=udp:127.0.0.1:@PORT@
        listen=tcp:127.0.0.1:@PORT@
        loadmodule "ctl.so"
        loadmodule "kex.so"
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "xhttp.so"
        loadmodule "palisade.so"
        modparam("ctl", "binrpc", "unix:@DIR@/ctl")
        modparam("palisade", "policy", "contact=block route=block malformed=block")
        request_route { exit; }
        event_route[xhttp:request] {
            if (!palisade_check()) exit;
            xhttp_reply("200", "OK", "text/plain", "passed\n");
        }"#,
    )
    .start()
}

/// What came back first; what is blocked is not answered, and its connection is left to who sent it.
fn ask(kam: &Server, request: &str, passes: bool) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", kam.port())).expect("a connection");
    stream.write_all(request.as_bytes()).expect("sent");
    if !passes {
        kam.wait_idle();
        stream.shutdown(Shutdown::Write).expect("closed");
    }
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[test]
fn a_request_over_http_is_checked_without_a_word() {
    let kam = server();
    for (request, passes) in [
        ("GET /a HTTP/1.1\r\nHost: x\r\n\r\n", true),
        (
            "GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: curl/7.88.1\r\n\r\n",
            true,
        ),
        (
            "POST /RPC HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nContent-Length: 2\r\n\r\n{}",
            true,
        ),
        (
            "GET /a HTTP/1.1\r\nHost: x\r\nUser-Agent: friendly-scanner\r\n\r\n",
            false,
        ),
    ] {
        let answer = ask(&kam, request, passes);
        assert_eq!(answer.contains("passed"), passes, "{request}: {answer}");
    }
    let log = kam.log();
    assert_eq!(log.matching("ERROR: "), Vec::<String>::new(), "{log}");
    kam.assert_healthy();
}
