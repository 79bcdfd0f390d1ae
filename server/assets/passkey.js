// Asks for a passkey where a form needs one, and sends the form. Nothing else: every page can be
// read, and every ruling can be handed in, without it.
"use strict";
(() => {
  const bytes = text => Uint8Array.from(
    atob(text.replaceAll("-", "+").replaceAll("_", "/")), sign => sign.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const get = async form => {
    const allow = (form.dataset.allow || "").split(" ").filter(id => id);
    const made = await navigator.credentials.get({ publicKey: {
      challenge: bytes(form.dataset.challenge),
      rpId: form.dataset.rp,
      allowCredentials: allow.map(id => ({ type: "public-key", id: bytes(id) })),
      userVerification: "required",
    } });
    form.elements.credential_id.value = text(made.rawId);
    form.elements.authenticator_data.value = text(made.response.authenticatorData);
    form.elements.client_data.value = text(made.response.clientDataJSON);
    form.elements.signature.value = text(made.response.signature);
  };

  const create = async form => {
    const made = await navigator.credentials.create({ publicKey: {
      challenge: bytes(form.dataset.challenge),
      rp: { id: form.dataset.rp, name: form.dataset.authority },
      user: {
        id: new TextEncoder().encode(form.dataset.person),
        name: form.dataset.person,
        displayName: form.dataset.name,
      },
      pubKeyCredParams: [{ type: "public-key", alg: -7 }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    } });
    form.elements.credential_id.value = text(made.rawId);
    form.elements.public_key.value = text(made.response.getPublicKey());
    form.elements.authenticator_data.value = text(made.response.getAuthenticatorData());
    form.elements.client_data.value = text(made.response.clientDataJSON);
  };

  if (!window.PublicKeyCredential) {
    for (const unable of document.querySelectorAll("[data-unable]")) unable.hidden = false;
    return;
  }
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const act = form.dataset.passkey === "create" ? create : get;
    const failed = form.querySelector("[data-failed]");
    form.querySelector("button").hidden = false;
    form.addEventListener("submit", async event => {
      event.preventDefault();
      failed.hidden = true;
      try {
        await act(form);
      } catch {
        failed.hidden = false;
        return;
      }
      form.submit();
    });
  }
})();
