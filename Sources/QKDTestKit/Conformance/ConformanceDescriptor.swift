import QKDCore

extension DriverConformance {
    /// The static facts are whole, and agree with the page and the transcript that stand beside them.
    ///
    /// - A page exists and names the driver.
    /// - `transcript` support means a transcript with at least one exchange from a public source.
    /// - Anything below `hardware` support lists what is unverified, and the page has that heading.
    public func descriptorIsConsistent() -> [Finding] {
        let facts = Driver.descriptor
        var findings: [Finding] = []
        func expect(_ holds: Bool, _ detail: String) {
            if !holds { findings.append(Finding("descriptor of '\(facts.id)'", detail)) }
        }
        expect(Names.isHyphenated(facts.id), "the id is not lower-case words joined by hyphens")
        expect(!facts.vendor.isEmpty && !facts.model.isEmpty, "vendor or model is empty")
        expect(!facts.classes.isEmpty && Set(facts.classes).count == facts.classes.count, "classes: \(facts.classes)")
        expect(
            !facts.transports.isEmpty && Set(facts.transports).count == facts.transports.count,
            "transports: \(facts.transports)")
        expect(
            !facts.summary.isEmpty && !facts.summary.contains(where: \.isNewline), "the summary is not one line")
        expect(facts.support == .hardware || !facts.unverified.isEmpty, "nothing is said to be unverified")
        expect(facts.unverified.allSatisfy { !$0.isEmpty }, "an empty line in what is unverified")
        expect(facts.usb.allSatisfy { $0.vendorID != nil || $0.productContains != nil }, "a USB match of everything")
        do {
            let page = try pages.page(facts.id)
            expect(page.contains(facts.id), "the page does not name the driver")
            expect(facts.unverified.isEmpty || page.contains("Unverified"), "the page has no heading Unverified")
        } catch {
            expect(false, "\(facts.protocolPage) cannot be read")
        }
        guard facts.support == .transcript else { return findings }
        do {
            let scenes = try pages.transcript(facts.id).scenes
            expect(scenes.contains { !$0.isSynthetic }, "no scene of the transcript comes from a public source")
        } catch {
            expect(false, "the transcript: \(error)")
        }
        return findings
    }
}

/// How things are called.
enum Names {
    /// Whether it is lower-case ASCII words and digits joined by single hyphens, starting with a letter.
    static func isHyphenated(_ name: String) -> Bool {
        guard name.first?.isLetter == true else { return false }
        return name.split(separator: "-", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty
                && word.allSatisfy { $0.isASCII && ($0.isLetter && $0.isLowercase || $0.isNumber) }
        }
    }
}
