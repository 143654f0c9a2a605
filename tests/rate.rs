//! The rate check: who is blocked, from which request on, and for how long; and who never is.

mod drop_in;
mod flooded;
mod keepalives;
mod scenarios;
mod sources;

use crate::support::{Phone, Request, Server};

/// Asks the rate check, and answers with the code that it returned: of the source, or of the
/// address in X-Ip.
const ROUTE: &str = r#"
request_route {
	if ($hdr(X-Ip) != $null) {
		pike_check_ip("$hdr(X-Ip)");
		$var(code) = $retcode;
	} else {
		pike_check_req();
		$var(code) = $retcode;
	}
	sl_send_reply("200", "$var(code)");
}
"#;

/// The code for this request, where the route answers with it.
#[track_caller]
fn code(phone: &Phone, request: &Request) -> i32 {
    let answer = phone.ask(request).expect("an answer");
    let reason = answer.reason().expect("a response");
    reason
        .parse()
        .unwrap_or_else(|_| panic!("{reason:?} is no code"))
}

/// The code for one request from `source`, or about it where that is no address of this machine.
#[track_caller]
fn code_of(kam: &Server, source: &str) -> i32 {
    match source.strip_prefix("from ") {
        Some(source) => {
            let phone = Phone::udp(kam, source);
            code(&phone, &phone.request("OPTIONS"))
        }
        None => {
            let phone = Phone::udp(kam, "127.0.0.1");
            code(&phone, &phone.request("OPTIONS").header("X-Ip", source))
        }
    }
}
