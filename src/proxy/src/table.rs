//! What holds now: who listens where, what is done with what comes, who the targets are.
//!
//! A table is built from [`Traffic`] and never changes. What must live on from one to the next, targets with what is under
//! way to them and the turns of groups, is taken over from the table before.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gantry_model::load_balancing::{
    Action, GroupWeight, Listener, LoadBalancer, Protocol, Rule, ServedCertificate, Stickiness, TargetGroup, TargetKey,
    Traffic,
};
use rustls::ServerConfig;

use crate::backend::Backend;
use crate::balance::Turn;
use crate::tls;

/// What a port carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Transport {
    Tcp,
    Udp,
}

/// What holds now.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) ports: BTreeMap<(Transport, u16), Arc<Port>>,
    pub(crate) groups: HashMap<String, Arc<Group>>,
    backends: HashMap<TargetKey, Arc<Backend>>,
    /// Listeners that cannot work, and why.
    pub(crate) broken: Vec<(String, String)>,
}

/// A port that is listened on.
pub(crate) struct Port {
    /// Those who share it, the oldest load balancer's first; one at least.
    pub(crate) fronts: Vec<Arc<Front>>,
    /// What clients are greeted with, where they speak TLS.
    pub(crate) tls: Option<Arc<ServerConfig>>,
}

/// A listener with its rules.
pub(crate) struct Front {
    pub(crate) listener: Listener,
    pub(crate) balancer: Arc<LoadBalancer>,
    /// By priority.
    pub(crate) rules: Vec<Rule>,
}

/// A target group with those of its targets that may get something.
pub(crate) struct Group {
    pub(crate) config: TargetGroup,
    pub(crate) stickiness: Stickiness,
    pub(crate) backends: Vec<Arc<Backend>>,
    /// Those that are let go; a client that is tied to one may still come back to it.
    pub(crate) draining: Vec<Arc<Backend>>,
    /// Whether something sends to it, so that its targets are checked.
    pub(crate) is_used: bool,
    pub(crate) turn: Arc<Turn>,
    pub(crate) counts: Arc<Counts>,
}

/// What was counted of a group since the proxy began.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) requests: AtomicU64,
    pub(crate) errors: AtomicU64,
}

impl Counts {
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}

impl Table {
    /// The table that `traffic` gives, with what lives on from `before`.
    pub(crate) fn build(traffic: &Traffic, before: &Self) -> Self {
        let mut table = Self::default();
        table.take_targets(traffic, before);
        table.take_groups(traffic, before);
        table.take_ports(traffic);
        table
    }

    fn take_targets(&mut self, traffic: &Traffic, before: &Self) {
        for target in &traffic.targets {
            let Ok(address) = target.address.parse::<IpAddr>() else {
                tracing::warn!(target = target.key.id, address = target.address, "a target's address is none");
                continue;
            };
            let address = SocketAddr::new(address, target.key.port);
            let same = before.backends.get(&target.key).filter(|backend| backend.address == address);
            let backend =
                same.map_or_else(|| Arc::new(Backend::new(target.key.clone(), address, target.state)), Arc::clone);
            backend.set_draining(target.draining_since.is_some());
            self.backends.insert(target.key.clone(), backend);
        }
        let cuts = |group: &str| {
            let group = traffic.target_groups.iter().find(|known| known.arn() == group);
            group.is_some_and(TargetGroup::breaks_connections)
        };
        for (key, backend) in &before.backends {
            if !self.backends.get(key).is_some_and(|still| Arc::ptr_eq(still, backend)) {
                backend.leave(cuts(&key.group));
            }
        }
    }

    fn take_groups(&mut self, traffic: &Traffic, before: &Self) {
        let used = traffic.groups_in_use();
        let mut serving: HashMap<&str, Vec<Arc<Backend>>> = HashMap::new();
        let mut draining = serving.clone();
        for target in &traffic.targets {
            let Some(backend) = self.backends.get(&target.key) else { continue };
            let those = if target.draining_since.is_some() { &mut draining } else { &mut serving };
            those.entry(&target.key.group).or_default().push(Arc::clone(backend));
        }
        for config in &traffic.target_groups {
            let arn = config.arn();
            let earlier = before.groups.get(&arn);
            let group = Group {
                config: config.clone(),
                stickiness: config.stickiness(),
                backends: serving.remove(arn.as_str()).unwrap_or_default(),
                draining: draining.remove(arn.as_str()).unwrap_or_default(),
                is_used: used.contains_key(arn.as_str()),
                turn: earlier.map(|group| Arc::clone(&group.turn)).unwrap_or_default(),
                counts: earlier.map(|group| Arc::clone(&group.counts)).unwrap_or_default(),
            };
            self.groups.insert(arn, Arc::new(group));
        }
    }

    fn take_ports(&mut self, traffic: &Traffic) {
        let balancers: Vec<(String, Arc<LoadBalancer>)> =
            traffic.load_balancers.iter().map(|b| (b.arn(), Arc::new(b.clone()))).collect();
        let mut ports: BTreeMap<(Transport, u16), Vec<Arc<Front>>> = BTreeMap::new();
        for (arn, balancer) in &balancers {
            for listener in traffic.listeners.iter().filter(|listener| listener.load_balancer == *arn) {
                let rules = traffic.rules.iter().filter(|rule| rule.listener == listener.arn).cloned().collect();
                let front = Arc::new(Front { listener: listener.clone(), balancer: Arc::clone(balancer), rules });
                for transport in transports(listener.protocol) {
                    let fronts = ports.entry((transport, listener.port)).or_default();
                    match fronts.first().filter(|first| first.listener.protocol.collides_with(listener.protocol)) {
                        Some(first) => self.broken.push((
                            listener.arn.clone(),
                            format!("the port is taken by a listener of {}", first.balancer.name),
                        )),
                        None => fronts.push(Arc::clone(&front)),
                    }
                }
            }
        }
        for (place, fronts) in ports {
            match Port::new(fronts, &traffic.certificates) {
                Ok(port) => drop(self.ports.insert(place, Arc::new(port))),
                Err(broken) => self.broken.extend(broken),
            }
        }
    }

    /// All targets, also those that are let go.
    pub(crate) fn backends(&self) -> impl Iterator<Item = &Arc<Backend>> {
        self.backends.values()
    }
}

fn transports(protocol: Protocol) -> impl Iterator<Item = Transport> {
    let tcp = protocol.has_connections().then_some(Transport::Tcp);
    tcp.into_iter().chain(protocol.has_datagrams().then_some(Transport::Udp))
}

impl Port {
    fn new(fronts: Vec<Arc<Front>>, certificates: &[ServedCertificate]) -> Result<Self, Vec<(String, String)>> {
        let is_secure = fronts.first().is_some_and(|front| front.listener.protocol.is_secure());
        let tls = match is_secure.then(|| tls::incoming(&fronts, certificates)).transpose() {
            Ok(tls) => tls,
            Err(why) => return Err(fronts.iter().map(|f| (f.listener.arn.clone(), why.clone())).collect()),
        };
        Ok(Self { fronts, tls })
    }

    /// The listener that `host` asks for: the one whose load balancer has that name, or the first.
    pub(crate) fn front(&self, host: &str) -> Option<&Arc<Front>> {
        if self.fronts.len() > 1 {
            let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
            let named = self.fronts.iter().find(|front| front.balancer.dns_name.eq_ignore_ascii_case(name));
            if named.is_some() {
                return named;
            }
        }
        self.fronts.first()
    }
}

impl Front {
    /// What is done with everything that no rule is for.
    pub(crate) fn default_groups(&self) -> &[GroupWeight] {
        match &self.listener.default_action {
            Action::Forward { groups, .. } => groups,
            Action::Redirect { .. } | Action::FixedResponse { .. } => &[],
        }
    }
}
