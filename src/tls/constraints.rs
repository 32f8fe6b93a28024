//! The name constraints of the CA (RFC 5280, 4.2.1.10). They make a test CA in a trust store
//! useless for attacks on real sites.
//!
//! New CAs constrain only DNS names: OpenSSL 1.0.2 verifies no certificate under a CA that
//! constrains addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{CidrSubnet, GeneralSubtree};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

use super::NameConstraints;
use super::name::Name;

/// The DNS names that every CA permits and every server certificate contains.
pub(super) const DOMAINS: [&str; 3] = ["localhost", "onshi-mock", "host.docker.internal"];

/// Part of the subject of a CA without constraints, so that people see it, and so that the
/// program recognizes it when it opens the CA again.
pub(super) const NO_NAME_CONSTRAINTS: &str = "NO NAME CONSTRAINTS";

/// The permitted subtrees: domains in lower case (with all their subdomains), and networks. If
/// there are none of a kind, every name of that kind is permitted.
#[derive(Debug)]
pub(super) struct Constraints {
    domains: Vec<String>,
    /// Only in CAs of earlier versions.
    networks: Vec<CidrSubnet>,
}

impl Constraints {
    /// Creates the constraints of a new CA, which permits the names common to all CAs and
    /// `names`.
    pub(super) fn with(names: &[Name]) -> Self {
        let mut constraints = Self { domains: DOMAINS.map(str::to_owned).into(), networks: Vec::new() };
        for name in names {
            if let Name::Dns(domain) = name
                && !constraints.permits(name)
            {
                constraints.domains.push(domain.clone());
            }
        }
        constraints
    }

    /// Reads the constraints from a CA certificate; `None` if it permits any DNS name and its
    /// subject does not say so.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let mut constraints = Self { domains: Vec::new(), networks: Vec::new() };
        let extension = certificate.name_constraints().ok()?;
        for subtree in extension.and_then(|extension| extension.value.permitted_subtrees.as_ref()).into_iter().flatten() {
            match &subtree.base {
                GeneralName::DNSName(name) => constraints.domains.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => constraints.networks.push(subnet(bytes)?),
                _ => {}
            }
        }
        let mut common_names = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let on_purpose = common_names.any(|name| name.contains(NO_NAME_CONSTRAINTS));
        (!constraints.domains.is_empty() || on_purpose).then_some(constraints)
    }

    /// Returns the kinds of names that are constrained.
    pub(super) fn kind(&self) -> NameConstraints {
        match (self.domains.is_empty(), self.networks.is_empty()) {
            (_, false) => NameConstraints::DnsNamesAndAddresses,
            (false, true) => NameConstraints::DnsNames,
            (true, true) => NameConstraints::None,
        }
    }

    /// Whether clients accept a certificate of this CA that contains `name`.
    pub(super) fn permits(&self, name: &Name) -> bool {
        match name {
            Name::Dns(name) => {
                let within =
                    |domain: &String| name.strip_suffix(domain.as_str()).is_some_and(|host| host.is_empty() || host.ends_with('.'));
                self.domains.is_empty() || self.domains.iter().any(within)
            }
            Name::Address(address) => self.networks.is_empty() || self.networks.iter().any(|net| contains(net, *address)),
        }
    }

    /// Returns the names that were given when the CA was created, without those that every CA
    /// permits.
    pub(super) fn extra_names(&self) -> Vec<Name> {
        let domains = self.domains.iter().filter(|domain| !DOMAINS.contains(&domain.as_str()));
        let addresses = self.networks.iter().filter_map(single_address);
        let extra = addresses.filter(|address| !address.is_loopback()).map(Name::Address);
        domains.cloned().map(Name::Dns).chain(extra).collect()
    }

    /// Returns the domains in the form that rcgen writes into a certificate.
    pub(super) fn subtrees(&self) -> Vec<GeneralSubtree> {
        self.domains.iter().cloned().map(GeneralSubtree::DnsName).collect()
    }

    /// Describes the constraints for people: domains, networks as `10.0.0.0/8`, or a text that
    /// any name is permitted.
    pub(super) fn describe(&self) -> Vec<String> {
        let networks = self.networks.iter().map(|network| match network {
            CidrSubnet::V4(address, mask) => {
                format!("{}/{}", Ipv4Addr::from(*address), u32::from_be_bytes(*mask).count_ones())
            }
            CidrSubnet::V6(address, mask) => {
                format!("{}/{}", Ipv6Addr::from(*address), u128::from_be_bytes(*mask).count_ones())
            }
        });
        let any = match self.kind() {
            NameConstraints::DnsNamesAndAddresses => None,
            NameConstraints::DnsNames => Some("any IP address (任意のIPアドレス)"),
            NameConstraints::None => Some("any name (任意の名前)"),
        };
        self.domains.iter().cloned().chain(networks).chain(any.map(str::to_owned)).collect()
    }
}

/// Parses an address followed by its mask, the form of RFC 5280.
fn subnet(bytes: &[u8]) -> Option<CidrSubnet> {
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    match bytes.len() {
        8 => Some(CidrSubnet::V4(address.try_into().ok()?, mask.try_into().ok()?)),
        32 => Some(CidrSubnet::V6(address.try_into().ok()?, mask.try_into().ok()?)),
        _ => None,
    }
}

fn contains(network: &CidrSubnet, address: IpAddr) -> bool {
    match (network, address) {
        (CidrSubnet::V4(base, mask), IpAddr::V4(address)) => {
            let mask = u32::from_be_bytes(*mask);
            u32::from_be_bytes(*base) & mask == u32::from(address) & mask
        }
        (CidrSubnet::V6(base, mask), IpAddr::V6(address)) => {
            let mask = u128::from_be_bytes(*mask);
            u128::from_be_bytes(*base) & mask == u128::from(address) & mask
        }
        _ => false,
    }
}

/// Returns the address of a network that contains only one.
fn single_address(network: &CidrSubnet) -> Option<IpAddr> {
    match network {
        CidrSubnet::V4(address, [255, 255, 255, 255]) => Some(IpAddr::from(*address)),
        CidrSubnet::V6(address, mask) if *mask == [255; 16] => Some(IpAddr::from(*address)),
        _ => None,
    }
}
