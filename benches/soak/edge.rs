//! Worker CPU for each datagram of a banned source, from the kernel's accounting: what operators use
//! today and Palisade, in turn, in one run; and a phone beside each flood.
//!
//! The worker is stopped while its queue is filled, and then empties it: so it never waits, and what
//! is measured does not depend on how fast the flood comes.

use crate::beside::{Answers, phone};
use crate::support::{Kamailio, Phone, Rpc, Server, stock};
use crate::wire::Wire;
use crate::{Promises, share};
use serde_json::json;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;

const ROUNDS: usize = 10;
/// In one round.
const BURSTS: f64 = 10.0;
/// Datagrams that fit into the queue, of [`QUEUE`] bytes.
const BURST: usize = 1500;
const QUEUE: &str = "4194304";
/// While the phone calls.
const FLOOD: f64 = 300_000.0;
const FLOODER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

const RECIPE: usize = 0;
const OURS: usize = 2;

const MOST_US: f64 = 2.2;
const LEAST_RATIO: f64 = 4.5;

/// The README of Kamailio's core cookbook, event_route[core:msg-received], with an htable.
const MSG_RECEIVED: &str = r#"
loadmodule "htable.so"
modparam("htable", "htable", "ipban=>size=8;")
received_route_mode=1
event_route[core:msg-received] {
	if ($sht(ipban=>$rcv(srcip)) != $null) drop;
}
request_route {
	sl_send_reply("200", "OK");
}
"#;

fn palisade(edge: &str) -> String {
    format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "edge", "{edge}")
request_route {{
	if (!palisade_check()) exit;
	sl_send_reply("200", "OK");
}}
"#
    )
}

const NOTHING: &str = r#"request_route { sl_send_reply("200", "OK"); }"#;

struct Subject {
    name: &'static str,
    kam: Server,
    datagram: Vec<u8>,
    /// Microseconds a datagram, one figure a round.
    us: Vec<f64>,
    answers: Answers,
}

impl Subject {
    fn start(name: &'static str, config: &str) -> Subject {
        let kam = Kamailio::with(config)
            .workers(1)
            .argument("-b")
            .argument(QUEUE)
            .start();
        let banned = Phone::udp(&kam, &FLOODER.to_string());
        let datagram = banned.request("REGISTER").bytes();
        Subject {
            name,
            kam,
            datagram,
            us: vec![],
            answers: Answers::default(),
        }
    }

    /// By RPC, with these words.
    fn banned_by(self, command: &str, words: serde_json::Value) -> Subject {
        self.kam
            .rpc(Rpc::Kamcmd, command, words)
            .expect("the ban is set");
        self
    }

    fn cpu_us(&self) -> f64 {
        let workers = self.kam.workers();
        let spent = workers.iter().map(|worker| worker.cpu_time().as_secs_f64());
        spent.sum::<f64>() * 1e6
    }

    fn round(&mut self, bursts: usize) {
        let mut wire = Wire::to(&self.kam);
        let (cpu, dropped) = (self.cpu_us(), self.kam.dropped());
        let signal = |signal| {
            let workers = self.kam.workers();
            workers.iter().for_each(|worker| worker.signal(signal));
        };
        for _ in 0..bursts {
            signal(libc::SIGSTOP);
            wire.burst(std::iter::repeat_n(FLOODER, BURST), &self.datagram);
            signal(libc::SIGCONT);
            self.kam.wait_idle();
        }
        let arrived = (bursts * BURST) as f64 - (self.kam.dropped() - dropped) as f64;
        assert!(
            arrived > 0.9 * (bursts * BURST) as f64,
            "the queue is too small"
        );
        self.us.push((self.cpu_us() - cpu) / arrived);
    }

    fn call_beside(&mut self, datagrams: usize) {
        let done = AtomicBool::new(false);
        let mut wire = Wire::to(&self.kam);
        self.answers = scope(|traffic| {
            let phone = traffic.spawn(|| phone(&self.kam, "127.0.0.5", &done));
            wire.send(std::iter::repeat_n(FLOODER, datagrams), &self.datagram);
            done.store(true, Relaxed);
            phone.join().expect("the phone")
        });
        self.kam.wait_idle();
    }

    fn median(&self) -> f64 {
        let mut all = self.us.clone();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    }

    fn least(&self) -> f64 {
        self.us.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

pub fn run(promises: &mut Promises) {
    let bursts = share(BURSTS).ceil() as usize;
    let key = FLOODER.to_string();
    let mut keepalive = Subject::start("a keepalive, dropped by Kamailio itself", NOTHING);
    keepalive.datagram = b"jaK ".to_vec();
    let mut subjects = [
        Subject::start(
            "pike and $sht(ipban), in the route",
            &stock::pike_ipban(20, 2, 3600),
        )
        .banned_by("htable.seti", json!(["ipban", format!("s:{key}"), 1])),
        Subject::start("$sht(ipban) in core:msg-received", MSG_RECEIVED)
            .banned_by("htable.seti", json!(["ipban", format!("s:{key}"), 1])),
        Subject::start("Palisade, edge=bans", &palisade("bans"))
            .banned_by("palisade.ban", json!([key, 3600])),
        Subject::start("Palisade, edge=off", &palisade("off"))
            .banned_by("palisade.ban", json!([key, 3600])),
        keepalive,
    ];
    for subject in &mut subjects {
        subject.round(1); // warm
        subject.us.clear();
    }
    for _ in 0..ROUNDS {
        subjects
            .iter_mut()
            .for_each(|subject| subject.round(bursts));
    }

    for subject in &mut subjects {
        subject.call_beside(share(FLOOD) as usize);
    }
    println!(
        "  {ROUNDS} rounds of {} datagrams, in turn; µs of worker CPU for each",
        bursts * BURST
    );
    println!("  {:<42} median    least  recipe/this  phone", "");
    let recipe = subjects[RECIPE].median();
    for subject in &subjects {
        let (name, median, least) = (subject.name, subject.median(), subject.least());
        let ratio = recipe / median;
        let answers = subject.answers;
        println!("  {name:<42} {median:>6.2}   {least:>6.2}  {ratio:>6.1}       {answers}");
    }
    let (ours, ratio) = (subjects[OURS].median(), recipe / subjects[OURS].median());
    let met = |met| if met { "met" } else { "missed" };
    println!(
        "  target ≤ {MOST_US} µs: {ours:.2}, {}",
        met(ours <= MOST_US)
    );
    println!(
        "  target ≥ {LEAST_RATIO} times less than the recipe: {ratio:.1}, {}",
        met(ratio >= LEAST_RATIO)
    );
    let answers = subjects[OURS].answers;
    promises.check(
        answers.all(),
        "a phone beside edge=bans is answered every time",
        &answers.to_string(),
    );
    for subject in subjects {
        subject.kam.stop();
    }
}
