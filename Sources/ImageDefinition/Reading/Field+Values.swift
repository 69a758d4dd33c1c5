import ConfigurationFile
import OCIModel

extension Field {
    /// Reads a path inside the image, which must be absolute, without `..`, and not `/` itself.
    func path() -> EntryPath? {
        guard let text = text() else { return nil }
        let hint = "write it from the image's root: /usr/local/bin"
        guard text.hasPrefix("/") else {
            report("the path '\(text)' is not absolute", hint: hint)
            return nil
        }
        do {
            let path = try EntryPath(text)
            guard !path.isRoot else {
                report("the path '\(text)' is the root directory itself", hint: hint)
                return nil
            }
            return path
        } catch {
            report("bad path: \(error.message)", hint: hint)
            return nil
        }
    }

    /// Reads a path in the image's own folder, or in a neighbour's folder with which the image shares the file.
    func sharedPath() -> String? {
        guard let text = localPath() else { return nil }
        let parts = text.split(separator: "/")
        let isNeighbour = parts.first == ".." && parts.count > 2
        guard !parts.dropFirst(isNeighbour ? 1 : 0).contains("..") else {
            report(
                "the path '\(text)' leaves the image's folder through '..'",
                hint: "move the file into the folder, or into a neighbour's: ../etcd/name")
            return nil
        }
        return text
    }

    /// Reads a path relative to the image's own folder, which may lead out of it but is never absolute.
    func localPath() -> String? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !text.hasPrefix("/"), parts.allSatisfy({ !$0.isEmpty && $0 != "." }), text.utf8.count <= 4096 else {
            report("the path '\(text)' is not relative to the image's folder", hint: "write it as files/name")
            return nil
        }
        return text
    }

    /// Reads permission bits as octal digits, quoted or not; YAML's own reading of 0555 is never used.
    func mode() -> UInt16? {
        let text = text("a mode in octal digits", like: "\"0555\"") { text in
            (3...5).contains(text.utf8.count) && text.utf8.allSatisfy { (0x30...0x37).contains($0) }
                && (text.utf8.count < 5 || text.hasPrefix("0"))
        }
        return text.flatMap { UInt16($0, radix: 8) }
    }

    /// Reads `user:group` as numbers.
    func ownership() -> Definition.Ownership? {
        guard let text = text() else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { identifier($0) }
        guard parts.count == 2, let user = parts[0], let group = parts[1] else {
            report("'\(text)' is not an owner", hint: "an owner is a user's and a group's number: \"0:0\"")
            return nil
        }
        return Definition.Ownership(user: user, group: group)
    }

    /// Reads a user's or group's number. The highest number is reserved: it means "unchanged" to chown(2).
    func identifier() -> UInt32? { integer(in: 0...Int(UInt32.max - 1)).map { UInt32($0) } }

    private func identifier(_ text: Substring) -> UInt32? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt32(text), number < .max else {
            return nil
        }
        return number
    }
}
