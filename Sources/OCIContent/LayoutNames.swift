/// The names in the folder of an OCI layout (image-spec, image-layout.md).
package enum LayoutNames {
    package static let (blobs, index, marker) = ("blobs", "index.json", "oci-layout")
}
