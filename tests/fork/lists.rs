//! Lists that are written back and replaced by processes that are killed at it.

use super::processes::{End, fork, on_stage};
use super::random::Random;
use super::shared::words;
use palisade::lists::Order;
use palisade::lists::edit::Change;
use palisade::policy::Firewall;
use palisade::settings::Settings;
use palisade::shm::atomic::Ordering::SeqCst;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So many lines that writing them takes a while.
const LINES: u32 = 20_000;
const KILLS: usize = 40;
const VALUE: &[u8] = b"192.0.2.77";

/// A server with one list of networks, in a file.
struct Server {
    firewall: Firewall,
    dir: tempfile::TempDir,
}

impl Server {
    /// Its list is not loaded yet: no fail point has been passed.
    fn new() -> Server {
        let dir = tempfile::tempdir().expect("a folder");
        let mut settings = Settings::default();
        let text = format!(
            "name=a;kind=network;action=deny;file={}",
            dir.path().join("a.list").display()
        );
        settings.set_text("list", text.as_bytes()).expect("a list");
        settings.set_number("lists_memory", 64).expect("memory");
        let firewall = Firewall::new(settings, |_, _| {}).expect("shared memory");
        std::fs::write(dir.path().join("a.list"), old()).expect("write");
        Server { firewall, dir }
    }

    fn load(&self) {
        let order = Order::Reload { list: b"" };
        self.firewall.keeper().order(&order).expect("a reload");
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("a.list")
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.path()).expect("the file is there at every moment")
    }

    fn add(&self) {
        let change = Change::Add {
            seconds: 0,
            comment: b"",
        };
        self.edit(change).expect("it is added");
    }

    fn edit(&self, change: Change<'_>) -> Result<String, String> {
        let order = Order::Edit {
            list: b"a",
            value: VALUE,
            change,
        };
        self.firewall
            .keeper()
            .order(&order)
            .map_err(|why| format!("{why:?}"))
    }

    fn holds(&self) -> bool {
        self.firewall.value_in_list(b"a", VALUE).expect("the list")
    }

    /// Whoever comes after finds a list and a file that agree, and can change them.
    fn others_go_on(&self) {
        self.load();
        assert_eq!(self.holds(), self.file() == new());
        self.add();
        assert!(self.holds() && self.file() == new());
        self.edit(Change::Remove).expect("it is removed");
        assert!(!self.holds() && self.file() == old());
        let left: Vec<_> = self.dir.path().read_dir().expect("the folder").collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }
}

fn old() -> String {
    let address = |number| std::net::Ipv4Addr::from(0x0100_0000 + number);
    (0..LINES)
        .map(|number| format!("{}\n", address(number)))
        .collect()
}

fn new() -> String {
    format!("{}192.0.2.77\n", old())
}

#[test]
fn a_process_that_is_killed_while_it_writes_back_leaves_the_old_file_or_the_new_one() {
    on_stage(|| {
        let server = Server::new();
        server.load();
        let begun = &words(1)[0];
        let mut random = Random(7);
        let (mut olds, mut news) = (0, 0);
        for kill in 0.. {
            if kill >= KILLS && olds > 0 && news > 0 {
                break;
            }
            assert!(kill < 20 * KILLS, "old {olds} times, new {news} times");
            // It lives as long as this machine, as busy as it is, takes for two edits and a load.
            let start = Instant::now();
            server.others_go_on();
            let life = u64::try_from(start.elapsed().as_micros()).expect("no ages");
            begun.store(0, SeqCst);
            let victim = fork(|| {
                loop {
                    begun.fetch_add(1, SeqCst);
                    server.add();
                    server.edit(Change::Remove).expect("it is removed");
                }
            });
            while begun.load(SeqCst) == 0 {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(random.below(life.max(1))));
            victim.kill();
            assert_eq!(victim.wait(), End::Killed(libc::SIGKILL));
            match server.file() {
                file if file == old() => olds += 1,
                file if file == new() => news += 1,
                file => panic!("kill {kill}: {} bytes: torn", file.len()),
            }
        }
        server.others_go_on();
    });
}

#[cfg(feature = "failpoints")]
#[test]
fn a_process_that_dies_before_and_after_the_new_file_has_taken_the_place_of_the_old_one() {
    for (point, is_new) in [("lists.written", false), ("lists.renamed", true)] {
        on_stage(|| {
            let server = Server::new();
            super::failpoints::die_at(point, || server.load(), || server.add());
            assert_eq!(server.file() == new(), is_new, "{point}");
            assert_eq!(server.file() == old(), !is_new, "{point}");
            assert!(!server.holds(), "{point}");
            server.others_go_on();
        });
    }
}

/// Who asked it gives up after a while; the next keeper goes on with what others ask.
#[cfg(feature = "failpoints")]
#[test]
fn a_keeper_that_dies_with_a_job_in_its_hands() {
    use palisade::lists::running::queue::Outcome;
    on_stage(|| {
        let server = Server::new();
        let firewall = &server.firewall;
        firewall.keeper().announce();
        let job = Order::Reload { list: b"" }.write();
        let ask = |timeout| firewall.lists.queue().ask(&job, timeout);
        let prepare = || assert_eq!(ask(Duration::ZERO), Outcome::Posted);
        super::failpoints::die_at("lists.taken", prepare, || {
            firewall.keeper().turn(Duration::ZERO)
        });
        assert_eq!(
            ask(Duration::from_millis(20)),
            Outcome::Late,
            "nobody reads"
        );
        let keeper = fork(|| {
            loop {
                firewall.keeper().turn(Duration::from_secs(1));
            }
        });
        for _ in 0..20 {
            let answer = ask(Duration::from_secs(60));
            assert_eq!(answer, Outcome::Answered(0, "0 failed".into()));
        }
        keeper.kill();
        assert_eq!(keeper.wait(), End::Killed(libc::SIGKILL));
    });
}

/// Bytes that this process has taken at the most, shared ones included, since [`forget_peak`].
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("proc(5)");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_ascii_whitespace().nth(1));
    let kilobytes: u64 = kilobytes.expect("a number").parse().expect("a number");
    kilobytes << 10
}

fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").expect("proc(5)");
}

/// What is foreseen is what is refused where there is less; so it must not be less than what is taken,
/// and not so much that good lists are refused.
#[test]
fn loading_takes_no_more_memory_than_is_foreseen() {
    use palisade::file::Size;
    use palisade::lists::running::load::memory_to_load;
    const MANY: u32 = 100_000;
    let network = |number: u32| format!("{}\n", std::net::Ipv4Addr::from(0x0100_0000 + number));
    let scattered = |number: u32| network(number.wrapping_mul(0x9e37_79b1) >> 4);
    let user = |number: u32| format!("user-{}\n", number.wrapping_mul(0x9e37_79b1));
    let long = |number: u32| {
        format!(
            "{0}-{0}-{0}-{0}-{1}",
            number.wrapping_mul(0x9e37_79b1),
            user(number)
        )
    };
    let digits = |number: u32| format!("{}\n", number.wrapping_mul(0x9e37_79b1) >> 8);
    let kinds: [(&str, &dyn Fn(u32) -> String); 6] = [
        ("kind=network;force=1", &|number| network(number * 2)),
        ("kind=network;force=1", &scattered),
        ("kind=user", &user),
        ("kind=user;match=contains", &user),
        ("kind=user;match=contains", &long),
        ("kind=destination", &digits),
    ];
    for (kind, line) in kinds {
        on_stage(|| {
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("a.list");
            let text: String = (0..MANY).map(line).collect();
            std::fs::write(&path, &text).expect("write");
            let size = Size {
                bytes: text.len() as u64,
                lines: u64::from(MANY),
            };
            drop(text);
            let mut settings = Settings::default();
            let list = format!("name=a;action=deny;{kind};file={}", path.display());
            settings.set_text("list", list.as_bytes()).expect("a list");
            forget_peak();
            let before = peak();
            let firewall = Firewall::new(settings, |_, _| {}).expect("shared memory");
            let taken = peak() - before - firewall.bytes as u64;
            let list = firewall.lists.by_name(b"a").expect("the list");
            let foreseen = memory_to_load(list.spec, size);
            let per_line = taken / u64::from(MANY);
            super::processes::say(&format!(
                "{kind}: {} MB in {MANY} lines took {} MB, {per_line} bytes a line; foreseen {} MB",
                size.bytes >> 20,
                taken >> 20,
                foreseen >> 20
            ));
            let entries = list.entries();
            assert!(entries > u64::from(MANY) / 2, "{entries}");
            assert!(taken <= foreseen && foreseen < 12 * taken, "{kind}");
        });
    }
}
