//! Calendar windows, working days and time zones, each computed date with its reason in words.
