//! Which provider of an authority holds an address. The address decides; a sender's word does not.

use std::net::IpAddr;

use entremise_core::id::PartyId;
use ipnet::IpNet;

/// The address ranges of one authority's providers.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// Longest prefix first, so that the first match is the most specific one.
    ranges: Vec<(IpNet, PartyId)>,
}

/// A range that cannot be read, or that two providers claim.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworksError {
    #[error("provider {provider}: {range:?} is not a CIDR range such as 198.51.100.0/24")]
    NotARange { provider: PartyId, range: String },
    #[error("{range} is claimed by {first} and by {second}: an address has one provider")]
    ClaimedTwice { range: IpNet, first: PartyId, second: PartyId },
}

impl Networks {
    pub fn new<'a>(
        claims: impl IntoIterator<Item = (&'a PartyId, &'a str)>,
    ) -> Result<Self, NetworksError> {
        let mut ranges: Vec<(IpNet, PartyId)> = Vec::new();
        for (provider, text) in claims {
            let range: IpNet = text.parse().map_err(|_| NetworksError::NotARange {
                provider: provider.clone(),
                range: text.to_owned(),
            })?;
            let range = range.trunc();
            if let Some((_, first)) = ranges.iter().find(|(other, _)| *other == range) {
                return Err(NetworksError::ClaimedTwice {
                    range,
                    first: first.clone(),
                    second: provider.clone(),
                });
            }
            ranges.push((range, provider.clone()));
        }
        ranges.sort_by_key(|(range, _)| std::cmp::Reverse(range.prefix_len()));
        Ok(Self { ranges })
    }

    /// The provider that announces the address, or nobody.
    pub fn holder(&self, ip: IpAddr) -> Option<&PartyId> {
        self.ranges.iter().find(|(range, _)| range.contains(&ip)).map(|(_, provider)| provider)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str) -> PartyId {
        name.parse().unwrap()
    }

    #[test]
    fn the_most_specific_range_decides() {
        let (large, small) = (party("large"), party("small"));
        let networks =
            Networks::new([(&large, "198.51.100.0/22"), (&small, "198.51.100.0/24")]).unwrap();
        assert_eq!(networks.holder("198.51.100.7".parse().unwrap()), Some(&small));
        assert_eq!(networks.holder("198.51.102.7".parse().unwrap()), Some(&large));
    }

    #[test]
    fn an_address_that_nobody_announces_has_no_holder() {
        let isp = party("isp");
        let networks = Networks::new([(&isp, "2001:db8::/32")]).unwrap();
        assert_eq!(networks.holder("2001:db9::1".parse().unwrap()), None);
        assert_eq!(networks.holder("198.51.100.7".parse().unwrap()), None);
    }

    #[test]
    fn two_providers_cannot_claim_one_range() {
        let (first, second) = (party("first"), party("second"));
        let claimed = Networks::new([(&first, "192.0.2.0/24"), (&second, "192.0.2.9/24")]);
        assert!(matches!(claimed, Err(NetworksError::ClaimedTwice { .. })));
    }
}
