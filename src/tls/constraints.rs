//! What the CA may vouch for: its name constraints (RFC 5280, 4.2.1.10). They keep a CA for tests,
//! once in a trust store, from being of use against any real site.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rcgen::{CidrSubnet, GeneralSubtree};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

use super::name::Name;

/// The DNS names every CA permits and every server certificate carries.
pub(super) const DOMAINS: [&str; 3] = ["localhost", "onshi-mock", "host.docker.internal"];

/// The addresses every CA permits: loopback, private and link-local.
const NETWORKS: [(IpAddr, u8); 8] = [
    (IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 0)), 8),
    (IpAddr::V4(Ipv4Addr::new(172, 16, 0, 0)), 12),
    (IpAddr::V4(Ipv4Addr::new(192, 168, 0, 0)), 16),
    (IpAddr::V4(Ipv4Addr::new(169, 254, 0, 0)), 16),
    (IpAddr::V6(Ipv6Addr::LOCALHOST), 128),
    (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7),
    (IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)), 10),
];

/// The permitted subtrees: domains in lower case (with all their subdomains), and networks.
#[derive(Debug)]
pub(super) struct Constraints {
    domains: Vec<String>,
    networks: Vec<CidrSubnet>,
}

impl Constraints {
    /// What a new CA permits: what every CA does, and `names`.
    pub(super) fn with(names: &[Name]) -> Self {
        let mut constraints = Self {
            domains: DOMAINS.map(str::to_owned).into(),
            networks: NETWORKS.map(|(address, prefix)| CidrSubnet::from_addr_prefix(address, prefix)).into(),
        };
        for name in names {
            if constraints.permits(name) {
                continue;
            }
            match name {
                Name::Dns(name) => constraints.domains.push(name.clone()),
                Name::Address(address) => {
                    let prefix = if address.is_ipv4() { 32 } else { 128 };
                    constraints.networks.push(CidrSubnet::from_addr_prefix(*address, prefix));
                }
            }
        }
        constraints
    }

    /// Reads them back from a CA certificate; `None` where it has none for DNS names or addresses,
    /// and so would vouch for anything.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let extension = certificate.name_constraints().ok()??;
        let mut constraints = Self { domains: Vec::new(), networks: Vec::new() };
        for subtree in extension.value.permitted_subtrees.as_ref()? {
            match &subtree.base {
                GeneralName::DNSName(name) => constraints.domains.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => constraints.networks.push(subnet(bytes)?),
                _ => {}
            }
        }
        let narrow = !constraints.domains.is_empty() && !constraints.networks.is_empty();
        narrow.then_some(constraints)
    }

    /// Whether clients accept a certificate of this CA that carries `name`.
    pub(super) fn permits(&self, name: &Name) -> bool {
        match name {
            Name::Dns(name) => self
                .domains
                .iter()
                .any(|domain| name.strip_suffix(domain.as_str()).is_some_and(|host| host.is_empty() || host.ends_with('.'))),
            Name::Address(address) => self.networks.iter().any(|net| contains(net, *address)),
        }
    }

    /// The names given when the CA was made, beyond what every CA permits.
    pub(super) fn extra_names(&self) -> Vec<Name> {
        let domains = self.domains.iter().filter(|domain| !DOMAINS.contains(&domain.as_str()));
        let addresses = self.networks.iter().filter_map(single_address);
        let extra = addresses.filter(|address| !address.is_loopback()).map(Name::Address);
        domains.cloned().map(Name::Dns).chain(extra).collect()
    }

    /// As rcgen writes them into a certificate.
    pub(super) fn subtrees(&self) -> Vec<GeneralSubtree> {
        let domains = self.domains.iter().cloned().map(GeneralSubtree::DnsName);
        domains.chain(self.networks.iter().copied().map(GeneralSubtree::IpAddress)).collect()
    }

    /// For people: domains, and networks as `10.0.0.0/8`.
    pub(super) fn describe(&self) -> Vec<String> {
        let networks = self.networks.iter().map(|network| match network {
            CidrSubnet::V4(address, mask) => {
                format!("{}/{}", Ipv4Addr::from(*address), u32::from_be_bytes(*mask).count_ones())
            }
            CidrSubnet::V6(address, mask) => {
                format!("{}/{}", Ipv6Addr::from(*address), u128::from_be_bytes(*mask).count_ones())
            }
        });
        self.domains.iter().cloned().chain(networks).collect()
    }
}

/// Address and mask, one after the other, as RFC 5280 has them.
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

/// The address of a network that holds only one.
fn single_address(network: &CidrSubnet) -> Option<IpAddr> {
    match network {
        CidrSubnet::V4(address, [255, 255, 255, 255]) => Some(IpAddr::from(*address)),
        CidrSubnet::V6(address, mask) if *mask == [255; 16] => Some(IpAddr::from(*address)),
        _ => None,
    }
}
