"""What a device is and how it is read: profiles as data, compiled into a plan once a device."""
