//! Every test of this room from outside, in one program: what it stands on is linked once.

mod asked_again;
mod authorities;
mod cgnat_stories;
mod command_line;
mod configuration;
mod directory;
mod free_radius;
mod freeradius;
mod growing_stories;
mod handles_rest;
mod hostile_authority;
mod lease_stories;
mod measure_commands;
mod measure_faults;
mod measure_freeradius;
mod measure_log;
mod measure_sessions;
mod measure_stories;
mod measured;
mod radius_packets;
mod radius_stories;
mod register;
mod relaying;
mod serving;
mod told;
