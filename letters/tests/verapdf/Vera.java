// Validates each PDF named on the command line against PDF/A-3a and PDF/UA-1 with veraPDF, and
// prints one line per file and standard: "<file> <standard> ok", or "… FAIL <rule>: <message>".
// It knows nothing of letters: an outside opinion on the bytes alone.

import java.io.FileInputStream;
import java.util.List;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class Vera {
    public static void main(String[] files) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        boolean sound = true;
        for (String file : files) {
            for (PDFAFlavour flavour : List.of(PDFAFlavour.PDFA_3_A, PDFAFlavour.PDFUA_1)) {
                try (PDFAParser parser =
                                Foundries.defaultInstance()
                                        .createParser(new FileInputStream(file), flavour);
                        PDFAValidator validator =
                                Foundries.defaultInstance().createValidator(flavour, false)) {
                    ValidationResult result = validator.validate(parser);
                    String head = file + " " + flavour + " ";
                    if (result.isCompliant()) {
                        System.out.println(head + "ok");
                        continue;
                    }
                    sound = false;
                    for (TestAssertion assertion : result.getTestAssertions()) {
                        System.out.println(
                                head + "FAIL " + assertion.getRuleId().getClause() + ": "
                                        + assertion.getMessage());
                    }
                }
            }
        }
        System.exit(sound ? 0 : 1);
    }
}
