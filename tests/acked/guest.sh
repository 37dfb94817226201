#!/bin/sh
# guest.sh: init of the user-mode-linux guest of uml.py: a disk, the service on it, the client beside
# it. The ledger goes to the console, which is the host's file: that much survives the guest.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t tmpfs none /run
for word in $(cat /proc/cmdline); do
    case $word in acked_*=*) export "$word" ;; esac
done
"$acked_python" -c 'import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 1 | 64))' # SIOCSIFFLAGS: up, running
mkdir /run/disk
mount -t ext4 /dev/ubda /run/disk || exec sleep 1000
"$acked_posts" --port 8080 --workers 1 --store sqlite:/run/disk/p.db --access-log off >/run/out 2>/run/err &
while ! grep -q 'listening on' /run/err; do sleep 0.1; done
{ echo run 8080; sleep 1000; } | "$acked_python" -B "$acked_here/client.py" "$acked_seed" /dev/console >/run/client
sleep 1000
