//! The peer of a rule: an address block or another security group.

use std::{
    fmt::{self, Display},
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::{Ipv4Net, Ipv6Net};

use crate::parse_error::ParseError;

/// Source of ingress, destination of egress.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Peer {
    /// An IPv4 address or block.
    Ipv4(Ipv4Cidr),
    /// An IPv6 address or block.
    Ipv6(Ipv6Cidr),
    /// Whoever carries this group.
    Group(GroupId),
}

/// An IPv4 block; a block of one address is written without its length, as the service does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv4Cidr(Ipv4Net);

/// An IPv6 block, written as RFC 5952 recommends; a block of one address without its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6Cidr(Ipv6Net);

/// Id of a security group, such as `sg-12345678`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(String);

impl Ipv4Cidr {
    /// As `parse`, for the text of a service: bits beyond the length are cleared, and what the
    /// service takes for every address is every address.
    pub fn parse_normalized(text: &str) -> Result<Self, ParseError> {
        let net = ipv4(text)?.trunc();
        Ok(Self(if net.addr().is_unspecified() { Ipv4Net::default() } else { net }))
    }

    /// The block.
    pub fn net(self) -> Ipv4Net {
        self.0
    }
}

impl Ipv6Cidr {
    /// As `parse`, for the text of a service: bits beyond the length are cleared.
    pub fn parse_normalized(text: &str) -> Result<Self, ParseError> {
        ipv6(text).map(|net| Self(net.trunc()))
    }

    /// The block.
    pub fn net(self) -> Ipv6Net {
        self.0
    }
}

impl GroupId {
    /// The id as the service writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Peer {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.starts_with("sg-") {
            text.parse().map(Self::Group)
        } else if text.contains(':') {
            text.parse().map(Self::Ipv6)
        } else {
            text.parse().map(Self::Ipv4)
        }
    }
}

impl FromStr for Ipv4Cidr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let net = ipv4(text)?;
        if net.trunc().addr().is_unspecified() && net != Ipv4Net::default() {
            // The service silently opens such a block to the whole Internet.
            return Err(ParseError::because(format!(
                "the service treats `{}` as every address; write `0.0.0.0/0` if you mean that",
                Self(net),
            )));
        }
        if net != net.trunc() {
            return Err(host_bits(&Self(net), &Self(net.trunc()), &net.addr()));
        }
        Ok(Self(net))
    }
}

impl FromStr for Ipv6Cidr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let net = ipv6(text)?;
        if net != net.trunc() {
            return Err(host_bits(&Self(net), &Self(net.trunc()), &net.addr()));
        }
        Ok(Self(net))
    }
}

impl FromStr for GroupId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let known = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        match text.strip_prefix("sg-") {
            Some(rest) if !rest.is_empty() && rest.bytes().all(known) => Ok(Self(text.to_owned())),
            _ => Err(ParseError::expected("the id of a security group, such as `sg-12345678`")),
        }
    }
}

impl Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ipv4(cidr) => cidr.fmt(f),
            Self::Ipv6(cidr) => cidr.fmt(f),
            Self::Group(id) => id.fmt(f),
        }
    }
}

impl Display for Ipv4Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() {
            32 => self.0.addr().fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

impl Display for Ipv6Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.prefix_len() {
            128 => self.0.addr().fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

impl Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

fn ipv4(text: &str) -> Result<Ipv4Net, ParseError> {
    let net = text.parse().ok().or_else(|| text.parse::<Ipv4Addr>().ok().map(Ipv4Net::from));
    net.ok_or_else(|| no_block(text, "an IPv4 address or block, such as `10.0.0.0/8`"))
}

fn ipv6(text: &str) -> Result<Ipv6Net, ParseError> {
    let net = text.parse().ok().or_else(|| text.parse::<Ipv6Addr>().ok().map(Ipv6Net::from));
    net.ok_or_else(|| no_block(text, "an IPv6 address or block, such as `2001:db8::/32`"))
}

fn no_block(text: &str, expected: &str) -> ParseError {
    if text.eq_ignore_ascii_case("MY_PUBLIC_IP") {
        // The service takes it and stores the caller's address: another machine, another rule.
        return ParseError::because(
            "`MY_PUBLIC_IP` is a different address on every machine; write the address itself",
        );
    }
    ParseError::expected(expected)
}

fn host_bits(net: &impl Display, block: &impl Display, address: &impl Display) -> ParseError {
    ParseError::because(format!(
        "`{net}` has bits set beyond its prefix length; write `{block}` for the block or \
         `{address}` for the address"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_parsed_into_its_canonical_form() {
        for (text, canonical) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.2.1", "10.0.2.1"),
            ("10.0.2.1/32", "10.0.2.1"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
            ("::0/0", "::/0"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:db8::1/128", "2001:db8::1"),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
            ("sg-0x1460be", "sg-0x1460be"),
        ] {
            assert_eq!(text.parse::<Peer>().unwrap().to_string(), canonical, "{text}");
        }
    }

    #[test]
    fn host_bits_of_the_service_are_cleared() {
        assert_eq!(Ipv4Cidr::parse_normalized("10.0.0.1/16").unwrap().to_string(), "10.0.0.0/16");
        assert_eq!(Ipv4Cidr::parse_normalized("0.0.0.0/8").unwrap().to_string(), "0.0.0.0/0");
        assert_eq!(Ipv4Cidr::parse_normalized("10.0.0.1/1").unwrap().to_string(), "0.0.0.0/0");
        assert_eq!(
            Ipv6Cidr::parse_normalized("2001:db8::1/32").unwrap().to_string(),
            "2001:db8::/32"
        );
    }

    #[test]
    fn invalid_text_is_refused_with_the_expected_form() {
        let error = |text: &str| text.parse::<Peer>().unwrap_err().to_string();
        insta::assert_snapshot!(error("10.0.0.1/16"), @"`10.0.0.1/16` has bits set beyond its prefix length; write `10.0.0.0/16` for the block or `10.0.0.1` for the address");
        insta::assert_snapshot!(error("2001:db8::1/32"), @"`2001:db8::1/32` has bits set beyond its prefix length; write `2001:db8::/32` for the block or `2001:db8::1` for the address");
        insta::assert_snapshot!(error("0.0.0.0/8"), @"the service treats `0.0.0.0/8` as every address; write `0.0.0.0/0` if you mean that");
        insta::assert_snapshot!(error("0.0.0.0"), @"the service treats `0.0.0.0` as every address; write `0.0.0.0/0` if you mean that");
        insta::assert_snapshot!(error("10.0.0.1/1"), @"the service treats `10.0.0.1/1` as every address; write `0.0.0.0/0` if you mean that");
        insta::assert_snapshot!(error("10.0.0.0/33"), @"expected an IPv4 address or block, such as `10.0.0.0/8`");
        insta::assert_snapshot!(error("10.0.0.08"), @"expected an IPv4 address or block, such as `10.0.0.0/8`");
        insta::assert_snapshot!(error(""), @"expected an IPv4 address or block, such as `10.0.0.0/8`");
        insta::assert_snapshot!(error("MY_PUBLIC_IP"), @"`MY_PUBLIC_IP` is a different address on every machine; write the address itself");
        insta::assert_snapshot!(error("1:2"), @"expected an IPv6 address or block, such as `2001:db8::/32`");
        insta::assert_snapshot!(error("sg-"), @"expected the id of a security group, such as `sg-12345678`");
        insta::assert_snapshot!(error("sg-ABCDEFGH"), @"expected the id of a security group, such as `sg-12345678`");
        insta::assert_snapshot!("my-group".parse::<GroupId>().unwrap_err(), @"expected the id of a security group, such as `sg-12345678`");
    }
}
