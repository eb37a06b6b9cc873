/** What is said of phones' apps. */
export const words = {
  intro:
    "A phone sends its positions with one of these apps, also while it is in a pocket. They appear here as they come.",
  name: "Name on the map",
  app: "App",
  scan: "Scan this with the phone's camera, or with the app.",
  open: "Open in the app",
  code: (app: string) => `QR code that sets ${app} up`,
  get: (app: string) => `Get ${app}`,
  copy: (label: string) => `Copy: ${label}`,
  copied: "Copied",
  notCopied: "The browser does not allow copying on this page: select the text instead",
  loopback:
    "This page was opened at an address that only this computer has. Open it at one that the phone reaches, and these settings follow.",
  trustTitle: "Let the phone trust this map",
  trust:
    "The certificate of this map is signed by an authority of its own, which no phone knows. Browsers give positions, and apps send them, only where they trust it. It can vouch for addresses of local networks and for nothing on the internet.",
  trustGet: "Get the certificate",
  trustCode: "QR code that gets the certificate",
  trustSteps: {
    iPhone:
      "get it in Safari and allow the profile. In Settings, install it under General, VPN & Device Management, and switch it on under General, About, Certificate Trust Settings.",
    Android:
      "get it, and in Settings search for “CA certificate” to install it. Browsers trust it then, and those apps that heed certificates of users.",
  },
  needsName: "Say first who it is: others will see that name.",
  mode: "Mode",
  url: "Address (URL)",
  device: "Device identifier",
  on: "On",
  gpslogger: "Logging details, Log to custom URL",
  osmand: "Trip recording, Online tracking",
  phonetrack: "New log job, Custom address",
} as const;
