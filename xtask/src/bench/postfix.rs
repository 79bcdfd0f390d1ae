//! Postfix and OpenDKIM, without installing them: the system's package of Postfix displaces the
//! mail server that the tests use. Their packages are fetched, unpacked into a folder, and laid
//! over the system's root in a mount namespace that ends with the run. Outside of it nothing
//! changes.
//!
//! It needs root, `unshare`, `apt-get download` and a kernel with overlayfs.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{answer, must};

const PACKAGES: [&str; 2] = ["postfix", "opendkim"];

/// `within SCRIPT ARGUMENTS…`: runs a harness in the namespace, with the accounts that Postfix
/// asks for. The queue lies on the real disk.
const WITHIN: &str = "\
set -e
work=$PWD over=$PWD/postfix-over
mkdir -p $over
mount -t tmpfs tmpfs $over
mkdir $over/lower $over/upper $over/work $over/whole
cp -a $work/postfix-packages/root/. $over/lower/
mount -t overlay overlay \\
  -o lowerdir=$over/lower:/,upperdir=$over/upper,workdir=$over/work $over/whole
mount --rbind /proc $over/whole/proc
mount --rbind /dev $over/whole/dev
mount --bind $work $over/whole$work
exec chroot $over/whole bash -c \"cd $work
getent passwd postfix >/dev/null || useradd -r -d /var/spool/postfix postfix
getent passwd opendkim >/dev/null || useradd -r -d /run/opendkim opendkim
getent group postdrop >/dev/null || groupadd -r postdrop
exec bash $*\"
";

/// The sink of both: `sink PORT` takes every mail there until it is ended.
const SINK: &str = "\
root=$(dirname $0)/root
export LD_LIBRARY_PATH=$root/usr/lib/postfix
exec $root/usr/sbin/smtp-sink -u nobody -c 127.0.0.1:$1 1000 >/dev/null 2>&1
";

/// Fetches and unpacks the packages, once.
pub fn unpack(work: &Path) -> Result<()> {
    let folder = work.join("postfix-packages");
    let root = folder.join("root");
    if root.join("usr/sbin/smtp-sink").is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(&root)?;
    must(Command::new("apt-get").arg("download").args(PACKAGES).current_dir(&folder))?;
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            must(Command::new("dpkg").arg("-x").arg(&path).arg(&root))?;
        }
    }
    // The system's `lib` is a link; a folder would hide it.
    let odd = root.join("lib");
    if odd.is_dir() {
        must(Command::new("cp").arg("-a").arg(odd.join(".")).arg(root.join("usr/lib/")))?;
        std::fs::remove_dir_all(odd)?;
    }
    std::fs::write(folder.join("within.sh"), WITHIN)?;
    std::fs::write(folder.join("sink.sh"), SINK)?;
    Ok(())
}

/// Whether this account may do it.
pub fn is_possible() -> Result<()> {
    if answer(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("Postfix is run in a mount namespace of its own, which needs root");
    }
    Ok(())
}
