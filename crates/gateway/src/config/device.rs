//! Names of network devices.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A name that the kernel would give a device and that means nothing else to anybody who reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct DeviceName(String);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a device has a name of 1 to 15 letters, digits, dots, hyphens, underscores or at-signs")]
pub(crate) struct DeviceNameError;

impl DeviceName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        let fits = (1..=15).contains(&name.len()) && name != "." && name != "..";
        if fits && name.bytes().all(plain) {
            Ok(Self(name.to_owned()))
        } else {
            Err(DeviceNameError)
        }
    }
}

impl TryFrom<String> for DeviceName {
    type Error = DeviceNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t48_a_device_name_cannot_carry_an_order() {
        for name in [
            "",
            "a\" accept; #",
            "eth0\n",
            "../x",
            "eth 0",
            "sixteen-letters0",
            "..",
        ] {
            assert_eq!(name.parse::<DeviceName>(), Err(DeviceNameError), "{name}");
        }
        for name in ["lan", "eth0.12", "br-guest", "wlan_0"] {
            assert!(name.parse::<DeviceName>().is_ok(), "{name}");
        }
    }
}
