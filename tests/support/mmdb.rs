//! Writes files of MaxMind's format (https://maxmind.github.io/MaxMind-DB/), as their makers lay
//! them out. Also a module of the unit tests.

use std::net::IpAddr;

/// What stands in a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(&'static str),
    Number(u32),
    Map(Vec<(&'static str, Value)>),
}

use Value::{Map, Number, Text};

/// MaxMind's and DB-IP's record of a country.
pub fn country(code: &'static str) -> Value {
    let names = Map(vec![("en", Text("its name")), ("es", Text("su nombre"))]);
    let country = Map(vec![
        ("geoname_id", Number(7)),
        ("iso_code", Text(code)),
        ("names", names),
    ]);
    let continent = Map(vec![("code", Text("EU"))]);
    Map(vec![("continent", continent), ("country", country)])
}

/// MaxMind's and DB-IP's record of a system.
pub fn system(number: u32) -> Value {
    let organization = ("autonomous_system_organization", Text("Example, Inc."));
    Map(vec![
        ("autonomous_system_number", Number(number)),
        organization,
    ])
}

/// A record of the tree: nothing, the next node, or the value.
#[derive(Clone, Copy, Debug)]
enum Record {
    Empty,
    Node(usize),
    Value(usize),
}

/// What a braid ends in.
#[derive(Clone, Copy, Debug)]
pub enum End {
    Value,
    Nothing,
    Alias,
}

/// A file under construction.
#[derive(Debug)]
pub struct Mmdb {
    record_bits: u16,
    ip_version: u16,
    nodes: Vec<[Record; 2]>,
    values: Vec<Value>,
}

impl Mmdb {
    /// Of both kinds of addresses; records of 24, 28 or 32 bits.
    pub fn new(record_bits: u16) -> Mmdb {
        Mmdb {
            record_bits,
            ip_version: 6,
            nodes: vec![[Record::Empty; 2]],
            values: vec![],
        }
    }

    /// Of IPv4 alone.
    pub fn only_v4(record_bits: u16) -> Mmdb {
        Mmdb {
            ip_version: 4,
            ..Mmdb::new(record_bits)
        }
    }

    /// Adds a network such as `192.0.2.0/24`; one within another comes after it.
    pub fn network(mut self, network: &str, value: Value) -> Mmdb {
        let (address, length) = network.split_once('/').expect("an address and a length");
        let address = address.parse().expect("an address");
        self.add(address, length.parse().expect("a length"), value);
        self
    }

    /// The same.
    pub fn add(&mut self, address: IpAddr, length: u32, value: Value) {
        let value = self
            .values
            .iter()
            .rposition(|known| *known == value)
            .unwrap_or_else(|| {
                self.values.push(value);
                self.values.len() - 1
            });
        let (bits, length) = match address {
            IpAddr::V4(v4) if self.ip_version == 4 => (u128::from(v4.to_bits()) << 96, length),
            IpAddr::V4(v4) => (v4.to_bits().into(), 96 + length),
            IpAddr::V6(v6) => (v6.to_bits(), length),
        };
        self.set(bits, length, Record::Value(value));
    }

    /// IPv4 once more where MaxMind hangs it: under ::ffff:0:0/96, 2001::/32 and 2002::/16.
    pub fn aliased(mut self) -> Mmdb {
        let v4 = Record::Node(self.root_of_v4());
        for (bits, length) in [(0xffff << 32, 96), (0x2001 << 112, 32), (0x2002 << 112, 16)] {
            self.set(bits, length, v4);
        }
        self
    }

    /// Both branches of so many nodes lead to the next, and those of the last to a value, to nothing,
    /// or once more to IPv4: a walk would visit 2ⁿ networks. They hang under 8000::/1.
    pub fn braided(record_bits: u16, levels: usize, end: End) -> Mmdb {
        let mut file = Mmdb::new(record_bits).network("10.0.0.0/8", country("ES"));
        let end = match end {
            End::Value => Record::Value(0),
            End::Nothing => Record::Empty,
            End::Alias => Record::Node(file.root_of_v4()),
        };
        let first = file.nodes.len();
        file.nodes[0][1] = Record::Node(first);
        file.nodes
            .extend((1..levels).map(|level| [Record::Node(first + level); 2]));
        file.nodes.push([end; 2]);
        file
    }

    fn root_of_v4(&self) -> usize {
        (0..96).fold(0, |node, _| match self.nodes[node][0] {
            Record::Node(next) => next,
            _ => panic!("there is no IPv4 in it"),
        })
    }

    /// Every branch leads back to the root.
    pub fn cyclic(record_bits: u16) -> Mmdb {
        let mut file = Mmdb::new(record_bits);
        file.nodes = vec![[Record::Node(0); 2]];
        file
    }

    fn set(&mut self, bits: u128, length: u32, record: Record) {
        let mut node = 0;
        for depth in 0..length {
            let side = (bits >> (127 - depth) & 1) as usize;
            if depth + 1 == length {
                self.nodes[node][side] = record;
                return;
            }
            node = match self.nodes[node][side] {
                Record::Node(next) => next,
                above => {
                    self.nodes.push([above; 2]);
                    let next = self.nodes.len() - 1;
                    self.nodes[node][side] = Record::Node(next);
                    next
                }
            };
        }
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        let mut data = vec![];
        let offsets: Vec<usize> = self
            .values
            .iter()
            .map(|value| {
                let offset = data.len();
                write(&mut data, value);
                offset
            })
            .collect();
        let number = |record| match record {
            Record::Empty => self.nodes.len(),
            Record::Node(node) => node,
            Record::Value(value) => self.nodes.len() + 16 + offsets[value],
        };
        let mut file = vec![];
        for &[left, right] in &self.nodes {
            self.write_node(&mut file, number(left) as u32, number(right) as u32);
        }
        file.extend([0; 16]);
        file.extend(data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        self.write_metadata(&mut file);
        file
    }

    fn write_node(&self, file: &mut Vec<u8>, left: u32, right: u32) {
        let [l, r] = [left, right].map(u32::to_be_bytes);
        match self.record_bits {
            24 => file.extend([l[1], l[2], l[3], r[1], r[2], r[3]]),
            28 => file.extend([l[1], l[2], l[3], l[0] << 4 | r[0], r[1], r[2], r[3]]),
            32 => file.extend([l, r].concat()),
            bits => panic!("no records of {bits} bits"),
        }
    }

    fn write_metadata(&self, file: &mut Vec<u8>) {
        file.push(MAP << 5 | 9);
        let numbers = [
            ("binary_format_major_version", 2, U16),
            ("binary_format_minor_version", 0, U16),
            ("ip_version", self.ip_version.into(), U16),
            ("record_size", self.record_bits.into(), U16),
            ("node_count", self.nodes.len() as u32, U32),
        ];
        for (name, number, kind) in numbers {
            write(file, &Text(name));
            write_number(file, number, kind);
        }
        write(file, &Text("build_epoch"));
        file.extend([4, 2, 0x65, 0x53, 0xf1, 0]); // uint64, an extended type, of four bytes
        write(file, &Text("database_type"));
        write(file, &Text("Palisade-Test"));
        write(file, &Text("description"));
        write(file, &Map(vec![("en", Text("made by a test"))]));
        write(file, &Text("languages"));
        file.extend([0, 4]); // an empty array, an extended type
    }
}

const TEXT: u8 = 2;
const U16: u8 = 5;
const U32: u8 = 6;
const MAP: u8 = 7;

fn write(file: &mut Vec<u8>, value: &Value) {
    match value {
        Text(text) => {
            write_kind(file, TEXT, text.len());
            file.extend(text.as_bytes());
        }
        Number(number) => write_number(file, *number, U32),
        Map(fields) => {
            write_kind(file, MAP, fields.len());
            for (name, value) in fields {
                write(file, &Text(name));
                write(file, value);
            }
        }
    }
}

/// Leading zeros are left out.
fn write_number(file: &mut Vec<u8>, number: u32, kind: u8) {
    let bytes = number.to_be_bytes();
    let significant = &bytes[number.leading_zeros() as usize / 8..];
    write_kind(file, kind, significant.len());
    file.extend(significant);
}

/// The control byte; lengths from 29 on take one more.
fn write_kind(file: &mut Vec<u8>, kind: u8, length: usize) {
    match u8::try_from(length) {
        Ok(length) if length < 29 => file.push(kind << 5 | length),
        Ok(length) => file.extend([kind << 5 | 29, length - 29]),
        Err(_) => panic!("{length} bytes are too long for a test"),
    }
}
