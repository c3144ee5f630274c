//! The unix socket: where it is, and who may connect to it.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
};

use tempfile::{TempDir, TempPath};
use tokio::net::{UnixListener, UnixStream};

use super::environment::SocketWishes;

/// A socket that nobody but this user can reach. Dropping it removes it from the file system.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) listener: UnixListener,
    pub(crate) peers: Peers,
    path: TempPath,
    /// Declared after `path`, so that the socket goes before the folder it is in.
    _folder: Option<TempDir>,
}

/// Who may connect: a second lock beside the permissions of the file, which some systems ignore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peers {
    /// This user alone.
    User(u32),
    /// Whoever can open the socket: core named a group that may.
    Group,
}

impl Socket {
    pub(crate) fn bind(wishes: &SocketWishes) -> io::Result<Self> {
        // A folder that core names is core's to protect; any other is fresh and ours alone.
        let fresh = match wishes.folder {
            Some(_) => None,
            None => Some(private_folder(&wishes.temporary)?),
        };
        let folder = wishes.folder.as_deref().or(fresh.as_ref().map(TempDir::path));
        let (listener, path) = tempfile::Builder::new()
            .prefix("plugin")
            .make_in(folder.unwrap_or(&wishes.temporary), |path| UnixListener::bind(path))?
            .into_parts();
        let peers = match &wishes.group {
            None => {
                fs::set_permissions(&path, Permissions::from_mode(0o600))?;
                Peers::User(own_user()?)
            }
            Some(group) => {
                chown(&path, None, Some(group_number(group)?))?;
                fs::set_permissions(&path, Permissions::from_mode(0o660))?;
                Peers::Group
            }
        };
        Ok(Self { listener, peers, path, _folder: fresh })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Peers {
    pub(crate) fn admit(self, peer: &UnixStream) -> io::Result<bool> {
        match self {
            Self::User(user) => Ok(peer.peer_cred()?.uid() == user),
            Self::Group => Ok(true),
        }
    }
}

/// The path of a socket may have 104 bytes on macOS and 108 on Linux, with some 35 of them ours.
const LONGEST_FOLDER: usize = 65;

fn private_folder(temporary: &Path) -> io::Result<TempDir> {
    let temporary =
        if temporary.as_os_str().len() > LONGEST_FOLDER { Path::new("/tmp") } else { temporary };
    tempfile::Builder::new()
        .prefix("plugin")
        .permissions(Permissions::from_mode(0o700))
        .tempdir_in(temporary)
}

/// The user whom others see at our end of a socket.
fn own_user() -> io::Result<u32> {
    let (one, _other) = UnixStream::pair()?;
    Ok(one.peer_cred()?.uid())
}

/// A group as core may write it: by number, or by the name that it has on this machine.
fn group_number(group: &str) -> io::Result<u32> {
    if let Ok(number) = group.parse() {
        return Ok(number);
    }
    let known = fs::read_to_string("/etc/group")?;
    find_group(&known, group)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no group `{group}`")))
}

/// Lines are `name:password:number:members`.
fn find_group(known: &str, wanted: &str) -> Option<u32> {
    known.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(wanted)).then(|| fields.nth(1)?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn socket_and_folder_are_private_and_leave_nothing_behind() {
        let temporary = tempfile::tempdir().unwrap();
        let wishes =
            SocketWishes { temporary: temporary.path().to_owned(), ..SocketWishes::default() };
        let socket = Socket::bind(&wishes).unwrap();
        assert_eq!(mode(socket.path()), 0o600);
        assert_eq!(mode(socket.path().parent().unwrap()), 0o700);
        drop(socket);
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_folder_and_a_group_that_core_names_are_used() {
        let folder = tempfile::tempdir().unwrap();
        let group = std::os::unix::fs::MetadataExt::gid(&fs::metadata(folder.path()).unwrap());
        let wishes = SocketWishes {
            folder: Some(folder.path().to_owned()),
            group: Some(group.to_string()),
            ..SocketWishes::default()
        };
        let socket = Socket::bind(&wishes).unwrap();
        assert_eq!(socket.path().parent(), Some(folder.path()));
        assert_eq!(mode(socket.path()), 0o660);
        assert_eq!(socket.peers, Peers::Group);
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_long_temporary_folder_is_not_used() {
        let temporary = Path::new("/tmp").join("x".repeat(90));
        let socket = Socket::bind(&SocketWishes { temporary, ..SocketWishes::default() }).unwrap();
        assert!(socket.path().as_os_str().len() < 104);
    }

    #[tokio::test]
    async fn only_this_user_is_admitted() {
        let (one, _other) = UnixStream::pair().unwrap();
        let user = own_user().unwrap();
        assert!(Peers::User(user).admit(&one).unwrap());
        assert!(!Peers::User(user + 1).admit(&one).unwrap());
    }

    #[test]
    fn groups_are_found_by_name() {
        let known = "root:x:0:\nstaff:x:50:ann,bob\nbroken\nlast:x:no:";
        for (name, number) in
            [("root", Some(0)), ("staff", Some(50)), ("broken", None), ("last", None), ("x", None)]
        {
            assert_eq!(find_group(known, name), number, "{name}");
        }
    }
}
