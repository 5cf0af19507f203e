//! The header of the PROXY protocol, version 2 (haproxy's proxy-protocol.txt, section 2.2): it tells a target who the client is.

use std::net::{IpAddr, SocketAddr};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const PROXY: u8 = 0x21;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// The header of a TCP connection from `client` to `listener`.
pub(crate) fn v2(client: SocketAddr, listener: SocketAddr) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.push(PROXY);
    let (family, mut addresses) = match (client.ip().to_canonical(), listener.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => (TCP_OVER_IPV4, [from.octets(), to.octets()].concat()),
        (from, to) => {
            let wide = |ip: IpAddr| match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
                IpAddr::V6(ip) => ip.octets(),
            };
            (TCP_OVER_IPV6, [wide(from), wide(to)].concat())
        }
    };
    addresses.extend(client.port().to_be_bytes());
    addresses.extend(listener.port().to_be_bytes());
    header.push(family);
    // 12 or 36 bytes.
    header.extend(u16::try_from(addresses.len()).unwrap_or_default().to_be_bytes());
    header.extend(addresses);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_as_the_protocol_says() {
        let header = v2("10.0.0.1:4660".parse().unwrap(), "10.0.0.2:80".parse().unwrap());
        let expected = "0d0a0d0a000d0a515549540a2111000c0a0000010a00000212340050";
        assert_eq!(hex::encode(header), expected);
        let wide = v2("[fd00::1]:1".parse().unwrap(), "10.0.0.2:80".parse().unwrap());
        assert_eq!(wide.len(), 16 + 36);
    }
}
