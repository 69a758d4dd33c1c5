extension UInt8 {
    package var isDigit: Bool { (0x30...0x39).contains(self) }
    package var isLowercaseAlphanumeric: Bool { isDigit || (0x61...0x7a).contains(self) }
    package var isAlphanumeric: Bool { isLowercaseAlphanumeric || (0x41...0x5a).contains(self) }
}
