#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Images as container disks; the referees are python3, tar, skopeo and qemu-img.
. "$TESTS/lib.sh"
need qemu-img python3 tar perl
image_to_convert

check_oci() { # DIR FORMAT
	python3 - "$1" "$2" <<'P'
import gzip, hashlib, json, os, sys, tarfile
top, kind = sys.argv[1:]
def blob(d, wanted):
    assert d["mediaType"] == "application/vnd.oci.image." + wanted
    name = d["digest"].split(":")
    data = open(os.path.join(top, "blobs", *name), "rb").read()
    assert name[0] == "sha256" and hashlib.sha256(data).hexdigest() == name[1]
    assert len(data) == d["size"]
    seen.add(name[1])
    return data
seen = set()
assert json.load(open(top + "/oci-layout")) == {"imageLayoutVersion": "1.0.0"}
index = json.load(open(top + "/index.json"))
assert index["schemaVersion"] == 2 and len(index["manifests"]) == 1
assert index["manifests"][0]["platform"] == {"architecture": "amd64", "os": "linux"}
m = json.loads(blob(index["manifests"][0], "manifest.v1+json"))
assert m["schemaVersion"] == 2 and len(m["layers"]) == 1
c = json.loads(blob(m["config"], "config.v1+json"))
assert (c["architecture"], c["os"]) == ("amd64", "linux")
assert c["created"] == "2023-11-14T22:13:20Z"
layer = blob(m["layers"][0], "layer.v1.tar+gzip")
assert layer[4:8] == bytes(4)
plain = gzip.decompress(layer)
assert c["rootfs"] == {"type": "layers",
                       "diff_ids": ["sha256:" + hashlib.sha256(plain).hexdigest()]}
assert seen == set(os.listdir(top + "/blobs/sha256"))
open("layer.tar", "wb").write(plain)
t = tarfile.open("layer.tar")
names = [(x.name, x.uid, x.gid, x.mode, x.mtime, x.isdir()) for x in t]
assert names == [("disk", 107, 107, 0o755, 1700000000, True),
                 ("disk/a.img", 107, 107, 0o440, 1700000000, False)], names
open("disk", "wb").write(t.extractfile("disk/a.img").read())
P
	qemu-img convert -f "$2" -O raw disk back
	cmp back a.img
}
convert a.img --to oci
same "$(cat out)" "a.oci: a disk of $((size >> 20)).0 MiB"
check_oci a.oci raw
convert a.img --to oci -o x.tar
mkdir x && tar -xf x.tar -C x
diff -r x a.oci
cp x.tar first && sleep 1 && convert a.img --to oci -o x.tar && cmp x.tar first
convert a.img --to oci -o q.oci --oci-disk qcow2
check_oci q.oci qcow2
if command -v skopeo >/dev/null; then
	skopeo inspect --override-os linux oci:a.oci >/dev/null
	skopeo inspect oci-archive:x.tar >/dev/null
fi
cp a.img "odd name'*.img"
convert "odd name'*.img" --to oci -o odd.oci
tar -tzf odd.oci/blobs/sha256/"$(python3 -c 'import json, glob
i = json.load(open("odd.oci/index.json"))["manifests"][0]["digest"][7:]
m = json.load(open("odd.oci/blobs/sha256/" + i))
print(m["layers"][0]["digest"][7:])')" >list
contains list disk/odd_name__.img

# nothing is replaced, and half of one does not stay
before=$(ls -A)
expect 1 "$UNIBEAM" convert a.img --to oci
contains err "cannot write 'a.oci': it exists already"
(ulimit -f 1000 && "$UNIBEAM" convert a.img --to oci -o y.oci) 2>err && fail "it fits"
contains err "File too large"
same "$(ls -A)" "$before"
for signal in INT TERM; do
	interrupt $signal . .y.oci. "$UNIBEAM" convert a.img --to oci -o y.oci
	same "$(ls -A)" "$before"
done
# killed: what it leaves goes with the next one
interrupt KILL . .y.oci. "$UNIBEAM" convert a.img --to oci -o y.oci
same "$(ls -A | grep -c '^\.y\.oci\.')" 1
echo file >.y.oci.abcdef
convert a.img --to oci -o y.oci
check_oci y.oci raw
same "$(ls -A | grep '^\.y\.oci\.')" .y.oci.abcdef
