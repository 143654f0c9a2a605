//! Everything that is tested against a real Kamailio, in one program, so that its tests run in
//! parallel. One file per behaviour.

mod support;

mod agent;
mod auth;
mod ban;
mod database;
mod documents;
mod edge;
mod examples;
mod fail2ban;
mod faults;
mod geo;
mod kemi;
mod listed;
mod lists;
mod message;
mod params;
mod rate;
mod rpc;
mod scan;
mod torture;
