#!/bin/sh
# Kept for pods that call it: everything comes from the environment. New pods call migrate, or migrate serve.
case $0 in
    */*) directory=${0%/*} ;;
    *) directory=/usr/local/bin ;;
esac
exec "$directory/migrate" "$@"
