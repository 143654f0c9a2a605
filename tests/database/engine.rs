//! Real databases: SQLite files, and a MariaDB and a PostgreSQL that are started once, by a user who
//! may do nothing, in a folder of their own. They and the folder are gone when the tests are.

use crate::support::{Port, wait_for};
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    MariaDb,
    Postgres,
}

/// In what is logged it must not be.
pub const PASSWORD: &str = "Geheim-7";

const START: Duration = Duration::from_secs(60);
/// PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

impl Engine {
    pub const ALL: [Engine; 3] = [Engine::Sqlite, Engine::MariaDb, Engine::Postgres];

    pub fn driver(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::MariaDb => "mysql",
            Engine::Postgres => "postgres",
        }
    }

    fn schema(self) -> String {
        let path = format!("schema/{}.sql", self.driver());
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        std::fs::read_to_string(path).expect("a schema")
    }

    /// What the word ID and the names of types stand for.
    fn dialect(self, sql: &str) -> String {
        let (id, blob, time) = match self {
            Engine::Sqlite => ("INTEGER PRIMARY KEY NOT NULL", "BLOB", "DATETIME"),
            Engine::MariaDb => (
                "INT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL",
                "BLOB",
                "DATETIME",
            ),
            Engine::Postgres => ("SERIAL PRIMARY KEY NOT NULL", "BYTEA", "TIMESTAMP"),
        };
        sql.replace("@ID@", id)
            .replace("@BLOB@", blob)
            .replace("@TIME@", time)
    }
}

/// A database of a test's own, with a user of its own, and the schema applied.
pub struct Store {
    pub engine: Engine,
    name: String,
    dir: TempDir,
}

impl Store {
    pub fn new(engine: Engine) -> Store {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let store = Store {
            engine,
            name,
            dir: tempfile::tempdir().expect("a folder"),
        };
        let name = &store.name;
        match engine {
            Engine::Sqlite => {}
            Engine::MariaDb => store.as_root(&format!(
                "CREATE DATABASE {name} CHARACTER SET utf8mb4;
                 CREATE USER {name}@'%' IDENTIFIED BY '{PASSWORD}';
                 GRANT ALL ON {name}.* TO {name}@'%';"
            )),
            Engine::Postgres => {
                store.as_root(&format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}';"));
                store.as_root(&format!("CREATE DATABASE {name} OWNER {name};"));
            }
        }
        store.run(&engine.schema());
        store
    }

    pub fn url(&self) -> String {
        let name = &self.name;
        match self.engine {
            Engine::Sqlite => format!("sqlite:///{}", self.file().display()),
            Engine::MariaDb | Engine::Postgres => format!(
                "{}://{name}:{PASSWORD}@127.0.0.1:{}/{name}",
                self.engine.driver(),
                server(self.engine).port.number
            ),
        }
    }

    fn file(&self) -> PathBuf {
        self.dir.path().join("lists.sqlite")
    }

    /// Runs statements as the database's own user would.
    #[track_caller]
    pub fn run(&self, sql: &str) {
        self.ask(sql);
    }

    /// What they answer: a line for each row, its fields parted by `|`.
    #[track_caller]
    pub fn ask(&self, sql: &str) -> String {
        let command = match self.engine {
            Engine::Sqlite => {
                let mut command = Command::new("sqlite3");
                command
                    .args(["-bail", "-cmd", ".timeout 10000"])
                    .arg(self.file());
                command
            }
            Engine::MariaDb => {
                let mut command = mariadb();
                command.arg(&self.name);
                command
            }
            Engine::Postgres => psql(&self.name, &self.name),
        };
        speak(command, &self.engine.dialect(sql)).replace('\t', "|")
    }

    fn as_root(&self, sql: &str) {
        match self.engine {
            Engine::Sqlite => unreachable!("it has no root"),
            Engine::MariaDb => speak(mariadb(), sql),
            Engine::Postgres => speak(psql("root", "postgres"), sql),
        };
    }

    /// From here on it can't be opened.
    pub fn go_away(&self) {
        let name = &self.name;
        match self.engine {
            Engine::Sqlite => {
                let file = self.file();
                std::fs::rename(&file, file.with_extension("away")).expect("rename it");
                std::fs::create_dir(&file).expect("a folder in its place");
            }
            Engine::MariaDb => self.as_root(&format!("ALTER USER {name}@'%' ACCOUNT LOCK;")),
            Engine::Postgres => self.as_root(&format!("ALTER ROLE {name} NOLOGIN;")),
        }
    }

    pub fn come_back(&self) {
        let name = &self.name;
        match self.engine {
            Engine::Sqlite => {
                let file = self.file();
                std::fs::remove_dir(&file).expect("it is empty");
                std::fs::rename(file.with_extension("away"), &file).expect("rename it");
            }
            Engine::MariaDb => self.as_root(&format!("ALTER USER {name}@'%' ACCOUNT UNLOCK;")),
            Engine::Postgres => self.as_root(&format!("ALTER ROLE {name} LOGIN;")),
        }
    }
}

struct Server {
    port: Port,
    dir: PathBuf,
}

fn server(engine: Engine) -> &'static Server {
    static MARIADB: OnceLock<Server> = OnceLock::new();
    static POSTGRES: OnceLock<Server> = OnceLock::new();
    match engine {
        Engine::Sqlite => unreachable!("it is a library"),
        Engine::MariaDb => MARIADB.get_or_init(|| Server::start(engine)),
        Engine::Postgres => POSTGRES.get_or_init(|| Server::start(engine)),
    }
}

impl Server {
    fn start(engine: Engine) -> Server {
        let dir = tempfile::Builder::new()
            .prefix("palisade-db-")
            .tempdir()
            .expect("a folder")
            .keep(); // its server removes it
        if is_root() {
            chown(&dir, Some(NOBODY), Some(NOBODY)).expect("give it away");
        }
        let server = Server {
            port: Port::reserve(),
            dir,
        };
        let (make, run, signal) = match engine {
            Engine::Sqlite => unreachable!("it is a library"),
            Engine::MariaDb => server.mariadb(),
            Engine::Postgres => server.postgres(),
        };
        let made = as_nobody(make)
            .output()
            .expect("it is installed: scripts/setup test");
        assert!(made.status.success(), "{engine:?}: {}", shown(&made));
        guard(run, signal, &server.dir);
        let ready = || {
            let mut command = match engine {
                Engine::Sqlite | Engine::MariaDb => mariadb_at(&server),
                Engine::Postgres => psql_at(&server, "root", "postgres"),
            };
            command.stdin(Stdio::null());
            let asked = command
                .output()
                .expect("it is installed: scripts/setup test");
            asked.status.success().then_some(())
        };
        let log = || std::fs::read_to_string(server.dir.join("log")).unwrap_or_default();
        wait_for(ready, START).unwrap_or_else(|| panic!("{engine:?} does not start:\n{}", log()));
        server
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn mariadb(&self) -> (Command, Command, &'static str) {
        let data = format!("--datadir={}", self.path("data"));
        let mut make = Command::new("mariadb-install-db");
        make.args([
            "--no-defaults",
            &data,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]);
        let mut run = Command::new("/usr/sbin/mariadbd");
        run.args([
            "--no-defaults",
            &data,
            &format!("--socket={}", self.path("socket")),
            &format!("--pid-file={}", self.path("pid")),
            &format!("--port={}", self.port.number),
            "--bind-address=127.0.0.1",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
        ]);
        (make, run, "KILL")
    }

    fn postgres(&self) -> (Command, Command, &'static str) {
        let password = self.dir.join("password");
        std::fs::write(&password, "root").expect("write it");
        let bin = postgres_programs();
        let data = self.path("data");
        let mut make = Command::new(bin.join("initdb"));
        make.args([
            "-D",
            &data,
            "-U",
            "root",
            "-A",
            "md5",
            "--no-sync",
            "-E",
            "UTF8",
        ])
        .args(["--locale=C.UTF-8", "--pwfile"])
        .arg(password);
        let mut run = Command::new(bin.join("postgres"));
        run.args(["-D", &data, "-p", &self.port.number.to_string()])
            .args(["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-c"])
            .arg(format!("unix_socket_directories={}", self.dir.display()));
        (make, run, "QUIT")
    }
}

/// Runs a server until the test process ends, however it does; then the server is ended and its
/// folder removed. The thread is the parent: it lives as long as the test process.
fn guard(server: Command, signal: &'static str, dir: &Path) {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(
            r#"dir=$1; signal=$2; shift 2
            trap 'kill -"$signal" $server' TERM INT
            "$@" >"$dir/log" 2>&1 &
            server=$!
            wait $server; wait $server
            rm -rf "$dir""#,
        )
        .arg("sh")
        .arg(dir)
        .arg(signal)
        .arg(server.get_program())
        .args(server.get_args());
    let mut command = as_nobody(command);
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let end_with_us = || {
        // SAFETY: a system call that takes two numbers.
        match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: what runs between fork and exec is one system call. It comes after the change of the
    // user, which would undo it.
    unsafe { command.pre_exec(end_with_us) };
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut child = command.spawn().expect("a shell");
        sender.send(()).expect("the test waits for it");
        child.wait().expect("wait for our own child");
    });
    receiver.recv().expect("it was started");
}

fn is_root() -> bool {
    // SAFETY: takes nothing, touches no memory.
    unsafe { libc::geteuid() == 0 }
}

fn as_nobody(mut command: Command) -> Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command.current_dir("/").env("HOME", "/nonexistent");
    command
}

/// Of the newest that is installed.
fn postgres_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("scripts/setup test");
    let version = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .flatten()
        .map(|entry| entry.path())
        .max_by_key(version);
    newest.expect("a version").join("bin")
}

fn mariadb() -> Command {
    mariadb_at(server(Engine::MariaDb))
}

fn mariadb_at(server: &Server) -> Command {
    let mut command = Command::new("mariadb");
    command
        .args([
            "--no-defaults",
            "-N",
            "-B",
            "--default-character-set=utf8mb4",
            "-u",
            "root",
        ])
        .arg(format!("--socket={}", server.path("socket")));
    command
}

fn psql(user: &str, database: &str) -> Command {
    psql_at(server(Engine::Postgres), user, database)
}

fn psql_at(server: &Server, user: &str, database: &str) -> Command {
    let mut command = Command::new(postgres_programs().join("psql"));
    command
        .args([
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            user,
            "-d",
            database,
        ])
        .args(["-p", &server.port.number.to_string(), "-h"])
        .arg(&server.dir)
        .env("PGPASSWORD", if user == "root" { "root" } else { PASSWORD });
    command
}

#[track_caller]
fn speak(mut command: Command, sql: &str) -> String {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .expect("it is installed: scripts/setup test");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(sql.as_bytes()).expect("it reads");
    drop(input);
    let answer = child.wait_with_output().expect("wait for our own child");
    assert!(answer.status.success(), "{}\n{:.300}", shown(&answer), sql);
    String::from_utf8_lossy(&answer.stdout)
        .trim_end_matches('\n')
        .to_owned()
}

fn shown(answer: &Output) -> String {
    let text = [&answer.stdout[..], &answer.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}
