//! contrib/nftables/sip-connections.nft, as it stands, in a real kernel: in a network of its own.

use socket2::{Domain, Socket, Type};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::process::Command;
use std::thread;

const RULES: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/contrib/nftables/sip-connections.nft"
);
const PORT: u16 = 5060;
const LIMIT: usize = 20;

#[track_caller]
fn run(command: &str) {
    let mut words = command.split(' ');
    let program = words.next().expect("a program");
    let done = Command::new(program).args(words).status();
    let done = done.unwrap_or_else(|error| panic!("{command}: {error}: scripts/setup test"));
    assert!(done.success(), "{command}: {done}");
}

/// Runs `body` in a network namespace of its own, which goes when it ends.
fn in_a_network(body: impl FnOnce() + Send + 'static) {
    let inside = thread::spawn(|| {
        // SAFETY: takes a number; of this thread alone, and of what it starts.
        let made = unsafe { libc::unshare(libc::CLONE_NEWNET) };
        assert_eq!(made, 0, "{}: run as root", std::io::Error::last_os_error());
        run("ip link set lo up");
        for address in ["2001:db8:1::1", "2001:db8:1::2", "2001:db8:2::1"] {
            run(&format!("ip -6 address add {address}/128 dev lo nodad"));
        }
        body();
    });
    inside.join().expect("it failed, see above");
}

fn connect(source: IpAddr, server: SocketAddr) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(server), Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(source, 0).into())?;
    socket.connect(&server.into())?;
    Ok(socket)
}

#[test]
fn a_source_has_so_many_connections_and_no_more() {
    in_a_network(|| {
        run(&format!("nft -f {RULES}"));
        for (server, sources, other) in [
            ("127.0.0.1", ["127.0.0.9", "127.0.0.9"], "127.0.0.8"),
            // Of IPv6, two addresses of one network are one source.
            ("2001:db8:2::1", ["2001:db8:1::1", "2001:db8:1::2"], "::1"),
        ] {
            let at = |address: &str| address.parse::<IpAddr>().expect(address);
            let server = SocketAddr::new(at(server), PORT);
            let _listener = TcpListener::bind(server).expect("a listener");
            let tried = (0..LIMIT + 10).map(|number| connect(at(sources[number % 2]), server));
            let connected: Vec<Socket> = tried.flatten().collect();
            assert_eq!(connected.len(), LIMIT, "{server}");
            assert!(
                connect(at(other), server).is_ok(),
                "{server}: another source"
            );
        }
    });
}
