//! Connections: what a caller, and a node that works by connection, know of one.
//!
//! ```text
//!  client ─open─► row ─bind─► request under way ─release─► idle in its pool ─► … ─► close
//!                  └ target: where a Network Load Balancer's flow is bound; reset: the row goes, and its holders notice
//! ```
//! # Models      one request at a time (HTTP/1.1); the time of opening, which never moves; idle time
//! # Leaves out  HTTP/2 streams; windows and slow start
//! # Source      `aws/network.md` §3.12, §4, §10.2

use crate::plan::TargetGroupId;
use crate::request::{InstanceId, RequestRef};
use sim_core::{Duration, Pool, Time, id_type};

id_type! {
    /// Row of a connection.
    pub struct ConnectionId(u32);
}

/// A connection row; stale when the connection is closed or reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionRef {
    /// Row.
    pub id: ConnectionId,
    /// Generation of the row.
    pub generation: u32,
}

/// The other end of a connection, as the caller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A balancer node.
    Node(u16),
    /// An instance.
    Instance(InstanceId),
}

/// A TCP connection.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// Pool of the caller that it belongs to.
    pub pool: u32,
    /// The other end.
    pub peer: Peer,
    /// Where a node that works by connection has bound it.
    pub target: Option<(TargetGroupId, InstanceId)>,
    /// When it was asked for.
    pub opened: Time,
    /// Last sign of life.
    pub used: Time,
    /// After so long at rest its caller closes it; `Duration::MAX`: never.
    pub keep: Duration,
    /// Whether a request goes by it.
    pub in_use: bool,
    /// Whether the handshake is over.
    pub established: bool,
    /// Whether it has carried an answer.
    pub served: bool,
    /// Whether the other end closes it with the next answer.
    pub last: bool,
}

impl Connection {
    /// The balancer node at the other end, if it is one.
    pub fn node(&self) -> Option<u16> {
        match self.peer {
            Peer::Node(node) => Some(node),
            Peer::Instance(_) => None,
        }
    }

    /// Whether it stands, where the other end closes it after so long at rest.
    pub fn is_open(&self, now: Time, idle_timeout: Duration) -> bool {
        self.established && (self.in_use || now - self.used < self.keep.min(idle_timeout))
    }
}

/// All connections, and which request each carries.
#[derive(Debug, Default)]
pub struct Connections {
    rows: Pool<ConnectionId, Connection>,
    /// By request row, for the callers that keep connections.
    carried: Vec<Option<(u32, ConnectionRef)>>,
}

impl Connections {
    /// Enters a connection.
    pub fn open(&mut self, connection: Connection) -> ConnectionRef {
        let (id, generation) = self.rows.enter(connection);
        ConnectionRef { id, generation }
    }

    /// The connection, unless it is closed.
    pub fn get(&self, at: ConnectionRef) -> Option<&Connection> {
        self.rows.get(at.id, at.generation)
    }

    /// The connection for change, unless it is closed.
    pub fn get_mut(&mut self, at: ConnectionRef) -> Option<&mut Connection> {
        self.rows.get_mut(at.id, at.generation)
    }

    /// Closes a connection that may be closed already; says what it was.
    pub fn close(&mut self, at: ConnectionRef) -> Option<Connection> {
        self.get(at)?;
        Some(self.rows.remove(at.id))
    }

    /// A request goes by this connection.
    pub fn bind(&mut self, request: RequestRef, connection: ConnectionRef) {
        let row = request.id.index();
        if self.carried.len() <= row {
            self.carried.resize(row + 1, None);
        }
        self.carried[row] = Some((request.generation, connection));
    }

    /// The connection that a request goes by, if its caller keeps connections; it may be closed.
    pub fn of(&self, request: RequestRef) -> Option<ConnectionRef> {
        let carried = self.carried.get(request.id.index()).copied().flatten();
        carried.filter(|carried| carried.0 == request.generation).map(|carried| carried.1)
    }

    /// Takes a request off its connection.
    pub fn unbind(&mut self, request: RequestRef) -> Option<ConnectionRef> {
        let connection = self.of(request);
        if connection.is_some() {
            self.carried[request.id.index()] = None;
        }
        connection
    }

    /// All of them, in order of their rows.
    pub fn rows(&self) -> impl Iterator<Item = &Connection> {
        self.rows.iter().map(|(_, connection)| connection)
    }

    /// Connections for which `chosen` holds, in order of their rows.
    pub fn find(&self, chosen: impl Fn(&Connection) -> bool) -> Vec<ConnectionRef> {
        let chosen = self.rows.iter().filter(|(_, connection)| chosen(connection));
        chosen.map(|(id, _)| ConnectionRef { id, generation: self.rows.generation(id) }).collect()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}
