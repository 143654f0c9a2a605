#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| { let _ = palisade::edge::is_message(data); });
