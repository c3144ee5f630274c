//! One HTTP request to the sandbox on loopback: too little to build an HTTP client for.

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

use crate::Result;

/// Sends `body` as JSON, however the content type calls it, and returns what the answer holds.
pub(crate) fn send(
    url: &str,
    method_and_path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Result<Value> {
    let host = url.strip_prefix("http://").ok_or("the sandbox speaks plain HTTP")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;

    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = format!("{method_and_path} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n")?;
    }
    let length = body.len();
    write!(request, "Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    parse(&answer).map_err(|why| format!("{method_and_path}: {why}").into())
}

fn parse(answer: &str) -> std::result::Result<Value, String> {
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("the answer was cut short")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        return Err(format!("status {status}: {body}"));
    }
    if body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(body).map_err(|error| format!("{error} in {body}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: std::result::Result<Value, &str>) {
        assert_eq!(parse(answer), expected.map_err(str::to_owned));
    }

    #[test]
    fn answer_is_read_by_its_status() {
        check("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"a\":1}", Ok(json!({ "a": 1 })));
        check("HTTP/1.1 204 No Content\r\n\r\n", Ok(Value::Null));
        check("HTTP/1.1 404 Not Found\r\n\r\nno", Err("status 404: no"));
        check("HTTP/1.1 200", Err("the answer was cut short"));
    }
}
