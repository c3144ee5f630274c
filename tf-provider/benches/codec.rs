//! How long it takes to read and write a long list of rules: `cargo bench -p tf-provider`.
//!
//! Prints milliseconds for 10,000 and 100,000 rules, and their ratio, which is ten when the time
//! grows with the size alone.
#![expect(clippy::print_stdout, reason = "this is what a benchmark is for")]
#![expect(clippy::disallowed_methods, reason = "it measures real time")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use tf_provider::schema::Type;
use tf_provider::value::{Value, msgpack};

fn main() {
    let (small, large) = (best_of(9, 10_000), best_of(5, 100_000));
    println!("codec_10k_ms {:.2}", small.as_secs_f64() * 1e3);
    println!("codec_100k_ms {:.2}", large.as_secs_f64() * 1e3);
    println!("codec_ratio {:.2}", large.as_secs_f64() / small.as_secs_f64());
}

fn best_of(tries: usize, rules: usize) -> Duration {
    let ty = Type::object([("ingress", Type::List(Box::new(rule_type())))]);
    let list = Value::List((0..rules).map(rule).collect());
    let bytes = msgpack::encode(&Value::map([("ingress", list)]), &ty);
    let once = || {
        let start = Instant::now();
        let value = msgpack::decode(black_box(&bytes), &ty);
        let written = value.map(|value| msgpack::encode(&value, &ty));
        let elapsed = start.elapsed();
        assert_eq!(written.as_deref(), Ok(bytes.as_slice()));
        elapsed
    };
    (0..tries).map(|_| once()).min().unwrap_or_default()
}

fn rule_type() -> Type {
    let text = ["action", "cidr_block", "description", "ipv6_cidr_block", "port", "protocol"];
    let templates = ["address_template_id", "address_template_group_id", "service_template_id"];
    let more = ["service_template_group_id", "referenced_security_group_id"];
    let names = text.into_iter().chain(templates).chain(more);
    Type::object(names.map(|name| (name, Type::String)))
}

fn rule(n: usize) -> Value {
    let mut rule = Value::map([
        ("action", Value::from("ACCEPT")),
        ("cidr_block", format!("10.{}.{}.0/24", n / 256 % 256, n % 256).into()),
        ("description", format!("rule number {n}").into()),
        ("port", (n % 65_536).to_string().into()),
        ("protocol", "TCP".into()),
    ]);
    if let (Value::Map(all), Type::Object { attributes, .. }) = (&mut rule, rule_type()) {
        for name in attributes.into_keys() {
            all.entry(name).or_default();
        }
    }
    rule
}
