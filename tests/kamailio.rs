//! Everything that is tested against a real Kamailio, in one program, so that its tests run in
//! parallel. One file per behaviour.

mod support;

mod agent;
mod auth;
mod ban;
mod edge;
mod faults;
mod kemi;
mod params;
mod rate;
mod rpc;
mod torture;
